/** The form that signs a person in. */
import { useState } from "preact/hooks";

import { useServices } from "../app.tsx";
import { useWords } from "../i18n/index.ts";

/** Ask for e-mail and password; on the local system both are filled in. */
export function SignIn() {
  const { account, config } = useServices();
  const { words } = useWords();
  const [failure, setFailure] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    account
      .signIn(String(form.get("email")), String(form.get("password")))
      .catch((error: Error) => setFailure(error.message));
  };
  return (
    <form onSubmit={submit}>
      <label>
        {words.frame.email}
        <input name="email" type="email" autocomplete="username" required defaultValue={config.demo_sign_in?.email} />
      </label>
      <label>
        {words.frame.password}
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          required
          defaultValue={config.demo_sign_in?.password}
        />
      </label>
      <button type="submit">{words.frame.signIn}</button>
      <p role="alert">{failure}</p>
    </form>
  );
}
