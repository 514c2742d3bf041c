/** The frame of every screen: navigation, language, who is signed in; and the sign-in in place of a screen. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { useServices } from "./app.tsx";
import { SignIn } from "./auth/sign-in.tsx";
import { firstLanguage, keepLanguage, LANGUAGES, type Language, SpokenContext } from "./i18n/index.ts";

/** Show `children` to a person who is signed in. */
export function Frame({ children }: { children: ComponentChildren }) {
  const { account } = useServices();
  const [language, setLanguage] = useState(firstLanguage);
  const [email, setEmail] = useState<string | null>(null);
  useEffect(() => {
    void account.email().then(setEmail);
    return account.onChange(setEmail);
  }, [account]);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  const words = LANGUAGES[language];
  return (
    <SpokenContext.Provider value={{ language, words, choose }}>
      <header>
        <nav>
          <a href="/">{words.frame.photograph}</a> <a href="/shelf">{words.frame.shelf}</a>
        </nav>
      </header>
      <main>{email === null ? <SignIn /> : children}</main>
    </SpokenContext.Provider>
  );
}
