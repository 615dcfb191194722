// Text -> words and what stands between them, in any script.

const PLAIN = /\s+|[\p{L}\p{M}\p{N}_]+|[^]/gu;

// Browsers know where words end in Chinese, Japanese or Thai, and do not tear emoji apart.
const segmenter = Intl.Segmenter ? new Intl.Segmenter("und", { granularity: "word" }) : null;

export function wordsOf(text) {
  if (!segmenter) return text.match(PLAIN) ?? [];
  return Array.from(segmenter.segment(text), (each) => each.segment);
}
