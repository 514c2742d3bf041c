/** What takes the place of a screen that threw an error. */
import { Component, type ComponentChildren } from "preact";

import { useWords } from "./i18n/index.ts";
import { Button } from "./ui/button.tsx";
import { Notice } from "./ui/notice.tsx";
import { Screen } from "./ui/screen.tsx";

interface FailuresProps {
  /** The address: another one is tried anew. */
  readonly path: string;
  readonly children: ComponentChildren;
}

/** Show `children`, or a notice once one of them has thrown an error. The frame around it stays in use. */
export class Failures extends Component<FailuresProps, { failedAt: string | null }> {
  override state = { failedAt: null };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ failedAt: this.props.path });
  }

  render() {
    return this.state.failedAt === this.props.path ? <Failed /> : this.props.children;
  }
}

function Failed() {
  const { words } = useWords();
  return (
    <Screen title={words.frame.failed}>
      <Notice
        tone="error"
        actions={
          <Button icon="reload" onClick={() => location.reload()}>
            {words.frame.reload}
          </Button>
        }
      >
        {words.frame.failedRemedy}
      </Notice>
    </Screen>
  );
}
