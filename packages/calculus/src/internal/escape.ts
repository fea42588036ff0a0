// Text that comes from outside (names of inputs) inside of text that others read.

/** One line: control characters and halves of surrogate pairs become visible escapes. */
export const oneLine = (text: string): string =>
  text
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffe\uffff]/g, (c) =>
      c === "\n"
        ? "\\n"
        : c === "\t"
          ? "\\t"
          : c === "\r"
            ? "\\r"
            : `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
    )

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

/** Text inside of XML, and inside of its attributes. */
export const xml = (text: string): string => oneLine(text).replace(/[&<>"']/g, (c) => entities[c]!)

/** Text inside of a Markdown table. */
export const markdown = (text: string): string =>
  oneLine(text)
    .replace(/[&<>]/g, (c) => entities[c]!)
    .replace(/[\\`*_[\]|~#]/g, (c) => `\\${c}`)

/** A label of Mermaid, in quotes: its entities are `#name;` or `#number;`. */
export const mermaid = (text: string): string =>
  `"${oneLine(text).replace(/[#&<>"'`\\|{}[\]();]/g, (c) => `#${c.charCodeAt(0)};`)}"`

/** A label of Graphviz, in quotes. */
export const dot = (text: string): string => `"${oneLine(text).replace(/["\\]/g, (c) => `\\${c}`)}"`
