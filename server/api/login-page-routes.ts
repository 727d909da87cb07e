/** The pages for people without the command line: logging in, and taking an invitation. What they do is in server/web/account-page.js. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { PASSWORD_MIN_CHARS } from "../access/passwords.ts";
import { contentSecurityPolicy, PAGE_TYPES, sendFile } from "./page-files.ts";
import type { ApiApp } from "./typed-app.ts";

/** Not part of the API: not in its description. */
const page = { schema: { hide: true }, config: { access: "public" } } as const;
const require = createRequire(import.meta.url);

export function addLoginPageRoutes(app: ApiApp): void {
  for (const [path, title] of [
    ["/login", "Log in"],
    ["/invitation", "Invitation"],
  ] as const) {
    const html = Buffer.from(accountPage(title));
    app.get(path, page, async (request, reply) => {
      reply.header("content-security-policy", contentSecurityPolicy()).header("referrer-policy", "no-referrer");
      return sendFile(request, reply, PAGE_TYPES.html, html);
    });
  }
  app.get("/account/page.js", page, async (request, reply) =>
    sendFile(request, reply, PAGE_TYPES.js, await readFile(require.resolve("#web/account-page.js"))),
  );
  app.get("/account/page.css", page, async (request, reply) =>
    sendFile(request, reply, PAGE_TYPES.css, await readFile(require.resolve("#web/account-page.css"))),
  );
}

function accountPage(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Lintel</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="flash/page.css">
<link rel="stylesheet" href="account/page.css">
<script type="module" src="account/page.js"></script>
</head>
<body>
<main>
<h1 tabindex="-1">${title}</h1>
<noscript><p class="notice">This page needs JavaScript. Without it: lintel login, on the command line.</p></noscript>
<p id="about" role="status"></p>
<form id="form" hidden>
<p id="email-row"><label for="email">Email address</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254"></p>
<p id="name-row"><label for="name">Your name</label>
<input id="name" name="name" autocomplete="name" maxlength="100" aria-describedby="name-hint">
<span id="name-hint" class="hint">Not needed if you have an account here already.</span></p>
<p><label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="200" aria-describedby="password-hint">
<span id="password-hint" class="hint">At least ${PASSWORD_MIN_CHARS} characters: a few words do well.</span></p>
<p><label><input id="show" type="checkbox"> Show the password</label></p>
<p><button id="send">Log in</button></p>
</form>
<p id="fault" role="alert"></p>
<p><button id="other" type="button" hidden></button></p>
</main>
</body>
</html>
`;
}
