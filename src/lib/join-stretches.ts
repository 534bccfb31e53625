// Texts of one utterance that were recognised apart, made into one.

/** Recognisers end each stretch like a sentence; a pause in mid-sentence is none. */
export function joinStretches(texts: readonly string[]): string {
  const spoken = texts.map((text) => text.trim()).filter((text) => text !== '');
  return spoken.reduce((whole, text) => {
    if (whole === '') return text;
    if (/[?!]$/.test(whole)) return `${whole} ${text}`;
    const goesOn = /^(I\b|I'|[A-Z]{2}|[A-Z]\.)/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
    return `${whole.replace(/[.,]$/, '')} ${goesOn}`;
  }, '');
}
