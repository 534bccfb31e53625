// G.711: mu-law and A-law to and from 16-bit samples, by table. One byte is one sample at 8 kHz.

const muLawToLinear = Int16Array.from({ length: 256 }, (_, byte) => expandMuLaw(byte));
const aLawToLinear = Int16Array.from({ length: 256 }, (_, byte) => expandALaw(byte));
const linearToMuLaw = Uint8Array.from({ length: 65_536 }, (_, index) => compressMuLaw(index - 32_768));
const linearToALaw = Uint8Array.from({ length: 65_536 }, (_, index) => compressALaw(index - 32_768));

export function decodeMuLaw(bytes: Uint8Array): Int16Array {
  return decode(bytes, muLawToLinear);
}

export function encodeMuLaw(samples: Int16Array): Uint8Array {
  return encode(samples, linearToMuLaw);
}

export function decodeALaw(bytes: Uint8Array): Int16Array {
  return decode(bytes, aLawToLinear);
}

export function encodeALaw(samples: Int16Array): Uint8Array {
  return encode(samples, linearToALaw);
}

function decode(bytes: Uint8Array, table: Int16Array): Int16Array {
  const samples = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) samples[i] = table[bytes[i] as number] as number;
  return samples;
}

function encode(samples: Int16Array, table: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(samples.length);
  for (let i = 0; i < samples.length; i++) bytes[i] = table[(samples[i] as number) + 32_768] as number;
  return bytes;
}

// Mu-law: 14-bit magnitudes with a bias of 33 (132 in 16 bits), sent inverted.

function expandMuLaw(byte: number): number {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return code & 0x80 ? -magnitude : magnitude;
}

function compressMuLaw(sample: number): number {
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const segment = 24 - Math.clz32(magnitude);
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

// A-law: 13-bit values, even bits sent inverted, the sign bit set for what is not negative.

function expandALaw(byte: number): number {
  const code = byte ^ 0x55;
  const segment = (code >> 4) & 7;
  const mantissa = ((code & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? mantissa : (mantissa + 0x100) << (segment - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

function compressALaw(sample: number): number {
  // Negative numbers are inverted, not negated: the steps of the two halves lie mirrored around minus one half.
  const magnitude = sample < 0 ? ~sample : sample;
  const segment = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | mantissa) ^ 0x55;
}
