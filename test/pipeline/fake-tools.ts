// MCP servers under the test's hand: what a session asks of them is written down, and answered when the test says so.
import type { McpTool } from '../../src/protocol/session-config.ts';
import type { ToolRunner } from '../../src/pipeline/tools.ts';
import type { McpListing, McpOutcome } from '../../src/tools/mcp-types.ts';

interface FakeList {
  label: string;
  answer: (listing: McpListing) => void;
}

interface FakeCall {
  label: string;
  name: string;
  arguments: string;
  signal: AbortSignal;
  end: (outcome: McpOutcome) => void;
}

export class FakeTools implements ToolRunner {
  /** Each configuration, as it came. */
  readonly configured: (readonly McpTool[])[] = [];
  readonly lists: FakeList[] = [];
  readonly calls: FakeCall[] = [];
  closed = 0;
  /** What closing ends in. */
  closing: Promise<void> = Promise.resolve();

  configure(servers: readonly McpTool[]): void {
    this.configured.push(servers);
  }

  list(label: string): Promise<McpListing> {
    return new Promise((answer) => {
      this.lists.push({ label, answer });
    });
  }

  call(label: string, name: string, argumentsJson: string, { signal }: { signal: AbortSignal }): Promise<McpOutcome> {
    return new Promise((end) => {
      this.calls.push({ label, name, arguments: argumentsJson, signal, end });
    });
  }

  close(): Promise<void> {
    this.closed += 1;
    return this.closing;
  }
}
