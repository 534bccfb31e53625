// Brings what the tests want besides the packages, all at once: for whoever runs some of them by hand. Plain JavaScript, no dependencies.
import { installPythonClients } from './python-clients.mjs';
import { fetchModels, installPrograms } from './test-needs.mjs';

await Promise.all([installPrograms(), installPythonClients(), fetchModels()]);
