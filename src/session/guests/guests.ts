// The features that come on top, in the order in which they are told of what happens, and asked. Each is one line here.
import type { Guest } from '../core.ts';
import { backchannel } from './backchannel.ts';
import { filler } from './filler.ts';
import { mcp } from './mcp.ts';
import { memory } from './memory/memory.ts';
import { timestamps } from './timestamps.ts';
import { turnSuggestion } from './turn-suggestion.ts';

export const guests: readonly Guest[] = [mcp, memory, backchannel, filler, timestamps, turnSuggestion];
