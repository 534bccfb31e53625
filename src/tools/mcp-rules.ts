// Which of a server's tools a session may use. Whether somebody must say yes first is decided elsewhere.
import type { McpServerConfig, McpTool, McpToolFilter } from './mcp-types.ts';

type Named = Pick<McpTool, 'name' | 'annotations'>;

/** A tool whose annotations are not known counts as one that is not read-only. */
export function isAllowed(config: McpServerConfig, tool: Named): boolean {
  const allowed = config.allowed_tools;
  if (!allowed) return true;
  return isNameList(allowed) ? allowed.includes(tool.name) : holds(allowed, tool);
}

/** Whether `isAllowed` cannot be told from the name. */
export function needsAnnotations(config: McpServerConfig): boolean {
  const allowed = config.allowed_tools;
  return !!allowed && !isNameList(allowed) && allowed.read_only === true;
}

function holds(filter: McpToolFilter, tool: Named): boolean {
  if (filter.tool_names && !filter.tool_names.includes(tool.name)) return false;
  return filter.read_only !== true || tool.annotations?.['readOnlyHint'] === true;
}

function isNameList(allowed: readonly string[] | McpToolFilter): allowed is readonly string[] {
  return Array.isArray(allowed);
}
