/** The sign-in: as a screen, and as a dialog over the screen of a person whose session has ended. */
import { useEffect, useState } from "preact/hooks";

import { useWords } from "../i18n/index.ts";
import { useServices } from "../services.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Notice } from "../ui/notice.tsx";
import { signInMessage } from "./messages.ts";
import type { Person } from "./session.ts";

/** The screen of a person who is not signed in. On the local system both fields are filled in. */
export function SignInScreen() {
  const { words } = useWords();
  const { config } = useServices();
  useEffect(() => {
    document.title = `${words.frame.signInTitle} · Vitrine`;
  }, [words]);
  return (
    <div class="sign-in">
      <div class="sign-in-head">
        <h1>Vitrine</h1>
        <p>{words.frame.signInLead}</p>
      </div>
      <div class="card stack">
        <h2>{words.frame.signInTitle}</h2>
        {config.demo_sign_in && <p class="small soft">{words.frame.demoSignIn}</p>}
        <SignInForm />
      </div>
    </div>
  );
}

/** The dialog of an expired session. The screen below it keeps what was entered. */
export function SignInAgain({ person }: { person: Person }) {
  const { words } = useWords();
  const { account } = useServices();
  return (
    <Dialog title={words.frame.expiredTitle} open>
      <div class="stack">
        <p>{words.frame.expiredLead}</p>
        <SignInForm person={person} />
        <div>
          <Button variant="quiet" full onClick={() => void account.signOut()}>
            {words.frame.other}
          </Button>
          <p class="small soft sign-in-warning">{words.frame.otherWarning}</p>
        </div>
      </div>
    </Dialog>
  );
}

function SignInForm({ person }: { person?: Person }) {
  const { account, config } = useServices();
  const { words } = useWords();
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [isShown, setShown] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setFailure(null);
    setBusy(true);
    try {
      await account.signIn(String(form.get("email")).trim(), String(form.get("password")));
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <Field label={words.frame.email}>
        {(control) => (
          <input
            {...control}
            name="email"
            type="email"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            readOnly={person !== undefined}
            defaultValue={person?.email ?? config.demo_sign_in?.email ?? ""}
          />
        )}
      </Field>
      <Field label={words.frame.password}>
        {(control) => (
          <div class="password">
            <input
              {...control}
              {...(isShown ? { type: "text" } : { type: "password" })}
              name="password"
              autocomplete="current-password"
              required
              autofocus={person !== undefined}
              defaultValue={config.demo_sign_in?.password ?? ""}
            />
            <Button
              variant="quiet"
              icon={isShown ? "eyeOff" : "eye"}
              label={isShown ? words.frame.hidePassword : words.frame.showPassword}
              onClick={() => setShown(!isShown)}
            />
          </div>
        )}
      </Field>
      {failure !== null && <Notice tone="error">{signInMessage(failure, words.frame)}</Notice>}
      <Button type="submit" variant="primary" full busy={busy}>
        {words.frame.signIn}
      </Button>
    </form>
  );
}
