/** A PDF with these pages of lines (ASCII without brackets), written by hand. `trailer` is put into its trailer. */
export function pdfFile(pages: readonly (readonly string[])[], trailer = ''): Buffer {
  const pageId = (index: number): number => 4 + index * 2;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${pages.map((_, index) => `${pageId(index)} 0 R`).join(' ')}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...pages.flatMap((lines, index) => {
      const shown = lines.map((line) => `(${line}) Tj T*`).join(' ');
      const content = `BT /F1 12 Tf 14 TL 72 720 Td ${shown} ET`;
      const resources = '/Resources << /Font << /F1 3 0 R >> >>';
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] ${resources} /Contents ${pageId(index) + 1} 0 R >>`,
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const size = objects.length + 1;
  const xref = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join('')}`;
  const end = `trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${file.length}\n%%EOF`;
  return Buffer.from(file + xref + end, 'latin1');
}

/** In the trailer: the document needs a password that nobody has. */
export const encrypted = `/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <${'1a'.repeat(32)}> /U <${'2b'.repeat(32)}> >> /ID [<00><00>]`;
