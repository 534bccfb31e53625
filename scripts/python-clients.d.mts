export function findPythonClients(): { python: string; missing: undefined } | { python: undefined; missing: string };
