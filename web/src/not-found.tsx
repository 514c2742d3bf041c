/** The screen of an address that has none. */
import { useWords } from "./i18n/index.ts";
import { ButtonLink } from "./ui/button.tsx";
import { Screen } from "./ui/screen.tsx";

export function NotFound() {
  const { words } = useWords();
  return (
    <Screen title={words.frame.notFoundTitle} lead={words.frame.notFound}>
      <div class="row">
        <ButtonLink href="/" variant="primary">
          {words.frame.photograph}
        </ButtonLink>
        <ButtonLink href="/shelf">{words.frame.shelf}</ButtonLink>
      </div>
    </Screen>
  );
}
