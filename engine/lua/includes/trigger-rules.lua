-- What a task does, given how the tasks before it ended. The twin of engine/trigger-rules.ts.
-- `up`: o unfinished, s success, f failed, u upstream failed, k skipped, c cut, b branched away.

function fl.verdictOf(rule, up)
  local failed = up.f + up.u
  if rule == 'one_success' and up.s > 0 then return 'run' end
  if rule == 'one_failed' and failed > 0 then return 'run' end
  if up.o > 0 then return 'wait' end
  if failed > 0 and (rule == 'all_success' or rule == 'none_failed') then return 'upstream_failed' end
  if up.c > 0 then return 'cut' end
  if up.b > 0 then return 'skip' end
  if up.s + failed + up.k == 0 then return 'run' end -- A task without upstream.
  if rule == 'all_success' or rule == 'none_skipped' then return up.k > 0 and 'skip' or 'run' end
  if rule == 'all_failed' then return up.s + up.k > 0 and 'skip' or 'run' end
  if rule == 'one_success' then return failed > 0 and 'upstream_failed' or 'skip' end
  if rule == 'one_failed' then return 'skip' end
  return 'run' -- all_done, none_failed
end
