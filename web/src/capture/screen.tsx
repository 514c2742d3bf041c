import { useWords } from "../i18n/index.ts";

export function CaptureScreen() {
  const { words } = useWords();
  return <h1>{words.capture.title}</h1>;
}
