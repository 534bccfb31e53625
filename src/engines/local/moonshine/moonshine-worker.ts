// A thread that hears with Moonshine.
import { modelFolder, serveSegments } from '../segmented/serve-segments.ts';
import { MoonshineModel } from './model.ts';

await serveSegments(await MoonshineModel.load(modelFolder()));
