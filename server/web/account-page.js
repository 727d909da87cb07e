/**
 * The pages /login and /invitation. The secret of an invitation stands behind the # of its link, which browsers keep to
 * themselves; here it is taken out of the address at once, so that nobody finds it in the history.
 */

/** @typedef {{ name: string, email: string | null, csrf: string | null, organisations: { name: string, role: string }[] }} Me */
/** @typedef {{ purpose: string, organisation: string | null, role: string | null, operator: boolean, email: string | null }} Invitation */

/** @template {HTMLElement} T @param {string} id @returns {T} */
const find = (id) => /** @type {T} */ (document.getElementById(id));

const about = find("about");
const fault = find("fault");
const other = find("other");
const button = find("send");
/** @type {HTMLFormElement} */ const form = find("form");
/** @type {HTMLInputElement} */ const email = find("email");
/** @type {HTMLInputElement} */ const name = find("name");
/** @type {HTMLInputElement} */ const password = find("password");
/** @type {HTMLInputElement} */ const show = find("show");
const heading = /** @type {HTMLElement} */ (document.querySelector("h1"));

const isInvitation = location.pathname.endsWith("/invitation");
const secret = /^#(li_[\w-]+)$/.exec(location.hash)?.[1];
if (secret !== undefined) history.replaceState(null, "", location.pathname);

/**
 * @param {string} method @param {string} path @param {object} [body] @param {string | null} [csrf]
 * @returns {Promise<any>}
 */
async function ask(method, path, body, csrf) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (csrf !== undefined && csrf !== null) headers["x-csrf-token"] = csrf;
  const response = await fetch(`api/v1/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return text === "" ? undefined : JSON.parse(text);
  let said = `The server answered ${response.status}.`;
  try {
    const problem = JSON.parse(text);
    said = `${problem.title}: ${problem.detail}.`;
  } catch {
    // Not a document of the server, as from a proxy.
  }
  throw new Error(said);
}

/** @returns {Promise<Me | undefined>} */
async function whoAmI() {
  const response = await fetch("api/v1/me");
  return response.ok ? response.json() : undefined;
}

/** Runs what a button is for, once at a time, and says what went wrong. @param {() => Promise<void>} work */
async function attempt(work) {
  fault.textContent = "";
  for (const one of document.querySelectorAll("button")) one.disabled = true;
  try {
    await work();
  } catch (error) {
    fault.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    for (const one of document.querySelectorAll("button")) one.disabled = false;
  }
}

/** @param {Me} me */
function showLoggedIn(me) {
  form.hidden = true;
  const places = me.organisations.map(({ name: place, role }) => `${place} (${role})`).join(", ");
  const whole = me.email === null ? me.name : `${me.name}, ${me.email}`;
  about.textContent = `You are logged in as ${whole}.${places === "" ? "" : ` Your organisations: ${places}.`}`;
  other.textContent = "Log out";
  other.hidden = me.csrf === null;
  other.onclick = () =>
    attempt(async () => {
      await ask("POST", "logout", undefined, me.csrf);
      location.assign("login");
    });
  heading.focus();
}

/** @param {string} text @param {boolean} isNew of an account that may not be there yet */
function showForm(text, isNew) {
  button.textContent = text;
  find("name-row").hidden = !isNew;
  find("password-hint").hidden = !isNew;
  password.autocomplete = isNew ? "new-password" : "current-password";
  form.hidden = false;
  (email.readOnly || find("email-row").hidden ? password : email).focus();
}

async function beginLogin() {
  const me = await whoAmI();
  if (me !== undefined) return showLoggedIn(me);
  showForm("Log in", false);
  form.onsubmit = (event) => {
    event.preventDefault();
    void attempt(async () =>
      showLoggedIn(await ask("POST", "sessions", { email: email.value, password: password.value })),
    );
  };
}

async function beginInvitation() {
  if (secret === undefined) {
    about.textContent = "This page needs the whole link, with what stands behind the #. Open it again as you got it.";
    return;
  }
  const me = await whoAmI();
  /** @type {Invitation} */
  const invitation = await ask("POST", "invitations/look", { secret });
  const isReset = invitation.purpose === "password";
  about.textContent = isReset
    ? `A new password for ${invitation.email}.`
    : `You are to be ${invitation.role} of ${invitation.organisation}${invitation.operator ? ", and operator of this server" : ""}.`;
  if (invitation.email !== null) {
    email.value = invitation.email;
    email.readOnly = true;
  }
  showForm(isReset ? "Set the password" : "Join", true);
  find("name-row").hidden = isReset;
  form.onsubmit = (event) => {
    event.preventDefault();
    const whoever = isReset ? {} : { email: email.value, ...(name.value !== "" && { name: name.value }) };
    void attempt(async () =>
      showLoggedIn(await ask("POST", "invitations/accept", { secret, password: password.value, ...whoever }, me?.csrf)),
    );
  };
  if (isReset || me === undefined || me.csrf === null) return;
  other.textContent = `Join as ${me.name}`;
  other.hidden = false;
  other.onclick = () => attempt(async () => showLoggedIn(await ask("POST", "invitations/accept", { secret }, me.csrf)));
}

show.onchange = () => {
  password.type = show.checked ? "text" : "password";
};
void attempt(isInvitation ? beginInvitation : beginLogin);

export {};
