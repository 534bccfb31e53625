// Runs once before a test run: what an earlier one has recorded is no word of the code as it is now.
export { forgetRecorded as setup } from './recorded.ts';
