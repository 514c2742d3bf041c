/**
 * Copies a text and says so.
 *
 *     <CopyButton text={report.title} label="Copy the title" />
 */
import { useWords } from "../i18n/index.ts";
import { Button } from "./button.tsx";
import { toast } from "./toast.tsx";

interface CopyButtonProps {
  readonly text: string;
  /** What it copies, for a screen reader. */
  readonly label: string;
}

export function CopyButton({ text, label }: CopyButtonProps) {
  const { words } = useWords();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(words.frame.copied);
    } catch {
      toast(words.frame.copyFailed);
    }
  };
  return (
    <Button variant="quiet" icon="copy" label={label} onClick={() => void copy()}>
      {words.frame.copy}
    </Button>
  );
}
