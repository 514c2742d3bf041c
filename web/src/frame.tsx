/** The frame of every screen: navigation, account and language, notices; and the sign-in where no person is. */
import { type ComponentChildren, Fragment } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";

import { SignInAgain, SignInScreen } from "./auth/sign-in.tsx";
import type { Person } from "./auth/session.ts";
import { hasUnsent } from "./capture/outbox.ts";
import { outboxOf } from "./capture/use-outbox.ts";
import { Failures } from "./failures.tsx";
import { keepLanguage, type Language, loadWords, type Spoken, SpokenContext, useWords } from "./i18n/index.ts";
import { OfflineNotice } from "./offline/notice.tsx";
import { useNewVersion } from "./offline/registration.ts";
import { useServices } from "./services.ts";
import { Button } from "./ui/button.tsx";
import { Dialog } from "./ui/dialog.tsx";
import { Icon, type IconName } from "./ui/icons.tsx";
import { Menu, type MenuItem } from "./ui/menu.tsx";
import { Messages, toast } from "./ui/toast.tsx";

/** The language that the page begins with, and its words. */
export type FirstWords = Pick<Spoken, "language" | "words">;

/** Show `children` to a person who is signed in. */
export function Frame({ first, children }: { first: FirstWords; children: ComponentChildren }) {
  const [{ language, words }, setSpoken] = useState(first);
  document.documentElement.lang = language;
  const choose = async (chosen: Language) => {
    try {
      setSpoken({ language: chosen, words: await loadWords(chosen) });
      keepLanguage(chosen);
    } catch {
      toast(words.frame.unreachable);
    }
  };
  return (
    <SpokenContext.Provider value={{ language, words, choose: (chosen) => void choose(chosen) }}>
      <SpokenFrame>{children}</SpokenFrame>
    </SpokenContext.Provider>
  );
}

function SpokenFrame({ children }: { children: ComponentChildren }) {
  const { account, config } = useServices();
  const { words } = useWords();
  const { path } = useLocation();
  const [session, setSession] = useState(account.state);
  useEffect(() => {
    setSession(account.state);
    return account.subscribe(setSession);
  }, [account]);
  useNewVersion(words.frame);
  const { person } = session;
  return (
    <>
      <a class="skip button button-primary" href="#content">
        {words.frame.skip}
      </a>
      <header class="header">
        {person && (
          <>
            <a class="wordmark" href="/">
              Vitrine
            </a>
            <Navigation path={path} />
          </>
        )}
        <AccountMenu person={person} />
      </header>
      <OfflineNotice />
      {config.goods === "drawn" && <aside class="strip">{words.frame.drawnGoods}</aside>}
      {config.goods === "photo" && <aside class="strip">{words.frame.photographedGoods}</aside>}
      <main id="content" tabIndex={-1}>
        <Failures path={path}>
          {person === null ? <SignInScreen /> : <Fragment key={person.id}>{children}</Fragment>}
        </Failures>
      </main>
      {session.kind === "expired" && <SignInAgain person={session.person} />}
      <Messages />
    </>
  );
}

/** The screens: at the foot of a small window, in the header of a large one. */
function Navigation({ path }: { path: string }) {
  const { words } = useWords();
  const screens: readonly [string, IconName, string][] = [
    ["/", "camera", words.frame.photograph],
    ["/shelf", "shelf", words.frame.shelf],
  ];
  return (
    <nav class="navigation" aria-label={words.frame.navigation}>
      {screens.map(([address, icon, name]) => (
        <a key={address} href={address} aria-current={path === address ? "page" : undefined}>
          <Icon name={icon} />
          {name}
        </a>
      ))}
    </nav>
  );
}

function AccountMenu({ person }: { person: Person | null }) {
  const services = useServices();
  const { account } = services;
  const { language, words, choose } = useWords();
  const [isAsked, setAsked] = useState(false);
  const languages: MenuItem[] = [
    { label: "English", lang: "en", checked: language === "en", onSelect: () => choose("en") },
    { label: "Français", lang: "fr", checked: language === "fr", onSelect: () => choose("fr") },
  ];
  if (person === null) {
    const name = language === "en" ? "English" : "Français";
    return (
      <Menu label={`${words.frame.language}, ${name}`} icon="globe" items={languages}>
        {name}
      </Menu>
    );
  }
  const leave = () => {
    setAsked(false);
    void account.signOut();
  };
  const signOut: MenuItem = {
    label: words.frame.signOut,
    icon: "signOut",
    onSelect: () => (hasUnsent(outboxOf(services).shown) ? setAsked(true) : leave()),
  };
  return (
    <>
      <Menu
        label={words.frame.account}
        icon="person"
        note={words.frame.signedInAs(person.email)}
        items={[...languages, signOut]}
      />
      <Dialog
        title={words.frame.signOutTitle}
        open={isAsked}
        onClose={() => setAsked(false)}
        actions={
          <>
            <Button onClick={() => setAsked(false)}>{words.frame.staySignedIn}</Button>
            <Button variant="danger" icon="signOut" onClick={leave}>
              {words.frame.signOut}
            </Button>
          </>
        }
      >
        <p>{words.frame.signOutText}</p>
      </Dialog>
    </>
  );
}
