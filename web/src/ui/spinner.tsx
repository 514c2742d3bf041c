/**
 * What says that the page waits.
 *
 *     <Spinner />                       // in a control that says what it does
 *     <Loading text="Loading…" />       // in place of content; read out
 *     <Progress label="Photo 1" value={0.4} />   // 0 to 1; without a value: of unknown length
 */

export function Spinner() {
  return <span class="spinner" aria-hidden="true" />;
}

export function Loading({ text }: { text: string }) {
  return (
    <p class="loading" role="status">
      <Spinner />
      {text}
    </p>
  );
}

export function Progress({ label, value }: { label: string; value?: number }) {
  return value === undefined ? <progress aria-label={label} /> : <progress aria-label={label} max={1} value={value} />;
}
