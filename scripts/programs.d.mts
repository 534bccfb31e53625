export function has(program: string): boolean;
