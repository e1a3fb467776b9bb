/** Replaces every secret, also as JSON or a URL would write it. */
export function createMask(secrets: Iterable<string>): (text: string) => string {
  const forms = [...secrets].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(secret)
      .slice(1, -1)
      .replaceAll('/', String.raw`\/`),
    encodeURIComponent(secret.toWellFormed()),
  ]);
  // The longest first, so that a secret within another one does not leave the other's rest behind.
  const ordered = [...new Set(forms)].filter(Boolean).toSorted((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, form) => masked.replaceAll(form, '***'), text);
}
