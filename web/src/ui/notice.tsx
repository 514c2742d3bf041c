/**
 * What a screen says beside its content.
 *
 *     <Notice>Only drawn goods.</Notice>
 *     <Notice tone="error" title="The photo is too large" actions={<Button>Remove</Button>}>…</Notice>
 *     <ProblemNotice error={error} onRetry={reload} />      // any error: the service's detail and remedy
 *     <Empty icon="shelf" title="No reports yet">…</Empty>  // in place of a list
 *     <Badge tone="warning">queued</Badge>
 */
import type { ComponentChildren } from "preact";

import { problemText } from "../api/problem-text.ts";
import { useWords } from "../i18n/index.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

export type Tone = "info" | "warning" | "error";

interface NoticeProps {
  readonly tone?: Tone;
  readonly title?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function Notice({ tone = "info", title, actions, children }: NoticeProps) {
  return (
    <div class={`notice notice-${tone}`} role={tone === "error" ? "alert" : undefined}>
      <Icon name={tone === "info" ? "info" : "alert"} />
      <div class="notice-body">
        {title && <p class="notice-title">{title}</p>}
        {typeof children === "string" ? <p>{children}</p> : children}
        {actions && <div class="row">{actions}</div>}
      </div>
    </div>
  );
}

/** An error in words: the service's own, or the page's for a lost network. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { words } = useWords();
  const { title, detail, lang } = problemText(error, words.frame);
  return (
    <Notice
      tone="error"
      title={<span lang={lang}>{title}</span>}
      actions={onRetry && <Button onClick={onRetry} icon="reload">{words.frame.tryAgain}</Button>}
    >
      {detail && <p lang={lang}>{detail}</p>}
    </Notice>
  );
}

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Badge({ tone, children }: { tone?: "accent" | "warning" | "error"; children: ComponentChildren }) {
  return <span class={tone ? `badge badge-${tone}` : "badge"}>{children}</span>;
}
