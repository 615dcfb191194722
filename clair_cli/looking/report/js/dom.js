// Elements from text. Nothing here takes markup: what a row says can only become text.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

export const find = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// What a control code or a bidirectional mark is shown as.
function picture(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return code === 0x7f ? "\u2421" : `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

// The text of others as nodes, with its hidden characters visible.
export function told(text) {
  const parts = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    parts.append(text.slice(end, match.index));
    parts.append(make("span", { class: "hidden-character" }, picture(match[0])));
    end = match.index + match[0].length;
  }
  parts.append(text.slice(end));
  return parts;
}

// The text of others, kept from turning the direction of what stands around it.
export function isolated(text, properties = {}) {
  return make("bdi", { dir: "auto", ...properties }, told(text));
}
