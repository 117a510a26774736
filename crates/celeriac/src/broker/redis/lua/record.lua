-- What lies in unacked: put before the scripts that record.
local function recorded(message, ending)
    if string.byte(message) == 123 then
        return '[' .. message .. ending
    end
    return '[' .. cjson.encode(message) .. ending
end

