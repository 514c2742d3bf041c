/** A complaint in words: the service's, which are English, or the page's. */
import { useWords } from "../i18n/index.ts";
import { type Complaint, complaintText } from "./complaint.ts";

export function ComplaintText({ of }: { of: Complaint }) {
  const { words } = useWords();
  return <span lang={of.detail === "" ? undefined : "en"}>{complaintText(of, words.capture.faults)}</span>;
}
