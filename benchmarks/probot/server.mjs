// Probot with a handler that does nothing and keeps nothing: prints its port, then acknowledges deliveries.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createNodeMiddleware, createProbot } from "probot";

const [folder] = process.argv.slice(2);
const probot = createProbot({
  overrides: {
    appId: 1,
    privateKey: readFileSync(`${folder}/key.pem`, "utf8"),
    secret: readFileSync(`${folder}/secret`, "utf8"),
    logLevel: "fatal",
  },
});
const handler = (app) => {
  app.on(["issues", "issue_comment", "pull_request"], async () => {});
};
const middleware = await createNodeMiddleware(handler, { probot, webhooksPath: "/webhooks/github" });
const server = createServer(async (request, response) => {
  if (!(await middleware(request, response))) response.writeHead(404).end();
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
