-- What successful attempts made. Where it is kept: see inputs.lua.

--- @include "run"

-- Keeps what a success made: `elements` when the result is a list that is mapped over, else `json`; '' stands for no result.
function fl.putResult(run, i, m, json, elements)
  local key = P .. 'results:' .. run.seq
  if elements then
    local fields = {}
    for k, element in ipairs(elements) do
      table.insert(fields, i .. '.' .. (k - 1))
      table.insert(fields, element)
    end
    fl.inBatches('HSET', key, fields)
    return
  end
  if json == '' then call('HDEL', key, fl.fieldOf(i, m)) else call('HSET', key, fl.fieldOf(i, m), json) end
end
