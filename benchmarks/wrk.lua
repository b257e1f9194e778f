-- Varied signed deliveries with fresh ids; bodies, signatures and events come from three files, a line each.
local bodies, signatures, events, sent = {}, {}, {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
  for line in io.lines(arguments[2]) do signatures[#signatures + 1] = line end
  for line in io.lines(arguments[3]) do events[#events + 1] = line end
  prefix = arguments[4]
end

function request()
  sent = sent + 1
  local number = sent % #bodies + 1
  return wrk.format("POST", "/webhooks/github", {
    ["Content-Type"] = "application/json",
    ["X-GitHub-Event"] = events[number],
    ["X-GitHub-Delivery"] = prefix .. "-" .. sent,
    ["X-Hub-Signature-256"] = "sha256=" .. signatures[number],
  }, bodies[number])
end
