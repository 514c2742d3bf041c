import { capture } from "./capture.ts";
import { frame } from "./frame.ts";
import { report } from "./report.ts";
import { shelf } from "./shelf.ts";

export const en = { frame, capture, report, shelf };
