-- Packed values: a task and an instance are each one short line, so that a run stays one compact hash. Mirrored in
-- engine/redis-records.ts. Times are ms since the run was inserted: fewer digits.
--
--   t<task>              state|mapCount|cut|cursor|kept|since|<7 counts of upstream tasks>|<6 counts of instances>
--   <task>[.<mapIndex>]  state|attempt|failures|losses|token|worker|due|started|firstStarted|ended|listLength|extra
--
--   n<task>              why the rest of a cancelled mapped task was skipped
--
-- States are one letter. `cursor`: map indices below it have been handed out; `kept`: 1 when some instance has a record of its own
-- that the handing out must look at, r when the task was cancelled and the rest, from `cursor` on, is skipped without records;
-- `since`: when the task was expanded, or cancelled. An instance without a record has not been touched: it is as its task says
-- (see readInstance). `extra` = 1: the field x<task>[.<mapIndex>] holds a JSON object with the rarer things.

fl.TASK_FORMAT = string.rep('([^|]*)|', 18) .. '([^|]*)'
fl.INSTANCE_FORMAT = string.rep('([^|]*)|', 11) .. '([^|]*)'

-- Upstream and instance counters by state letter; `c` is cut, `b` branched away, `o` unfinished, `h` short circuits.
function fl.decodeTask(text)
  local s, n, cut, cur, kept, since, uo, us, uf, uu, uk, uc, ub, co, cs, cf, cu, ck, ch = string.match(text, fl.TASK_FORMAT)
  return {
    state = s, n = tonumber(n), cut = cut == '1', cursor = tonumber(cur), kept = kept == '1', rest = kept == 'r', since = tonumber(since),
    up = { o = tonumber(uo), s = tonumber(us), f = tonumber(uf), u = tonumber(uu), k = tonumber(uk), c = tonumber(uc), b = tonumber(ub) },
    counts = { o = tonumber(co), s = tonumber(cs), f = tonumber(cf), u = tonumber(cu), k = tonumber(ck), h = tonumber(ch) },
  }
end

function fl.encodeTask(t)
  local up, c = t.up, t.counts
  return table.concat({
    t.state, t.n or '', t.cut and '1' or '', t.cursor or '', t.kept and '1' or t.rest and 'r' or '', t.since or '',
    up.o, up.s, up.f, up.u, up.k, up.c, up.b, c.o, c.s, c.f, c.u, c.k, c.h,
  }, '|')
end

function fl.decodeInstance(text)
  local s, a, f, l, token, worker, due, started, first, ended, len, extra = string.match(text, fl.INSTANCE_FORMAT)
  return {
    state = s, attempt = tonumber(a), failures = tonumber(f), losses = tonumber(l),
    token = token ~= '' and token or nil, worker = worker ~= '' and worker or nil,
    due = tonumber(due), started = tonumber(started), first = tonumber(first), ended = tonumber(ended),
    len = tonumber(len), hasExtra = extra == '1',
  }
end

function fl.encodeInstance(i)
  return table.concat({
    i.state, i.attempt, i.failures, i.losses, i.token or '', i.worker or '', i.due or '', i.started or '', i.first or '',
    i.ended or '', i.len or '', i.hasExtra and '1' or '',
  }, '|')
end
