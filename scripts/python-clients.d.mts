export const requirements: string;
export function findPythonClients(): { python: string; missing: undefined } | { python: undefined; missing: string };
/** @param mostMs for each step */
export function installPythonClients(mostMs?: number): Promise<void>;
