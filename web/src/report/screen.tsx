import { useWords } from "../i18n/index.ts";

export function ReportScreen() {
  const { words } = useWords();
  return <h1>{words.report.title}</h1>;
}
