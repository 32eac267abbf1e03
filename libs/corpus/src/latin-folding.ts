/**
 * Which characters are folded: Latin letters anywhere, and all of the blocks Latin-1 Supplement, Latin Extended-A and -B,
 * Latin Extended Additional and General Punctuation. ASCII needs none, and other scripts are kept.
 */
const FOLDED = /[\u0080-\u024f\u1e00-\u1eff\u2000-\u206f]|(?!\p{ASCII})\p{Script=Latin}/gu;

/** Accents written as characters of their own, after the Latin letter that they stand on. */
const LATIN_WITH_MARKS = /(\p{Script=Latin})[\u0300-\u036f]+/gu;
const COMBINING_MARK = /[\u0300-\u036f]/;

/** Folded to nothing: controls, formatting characters, and what has no likeness in ASCII. */
const DROPPED =
  /[\u0080-\u009f\u00ad\u0242\u1e9c\u1e9d\u1e9f\u1efb\u1efd\u1eff\u200c-\u200f\u202a-\u202e\u204f-\u2051\u2054-\u2056\u2058-\u205e\u2060-\u206f]/u;

/** What a character becomes, each entry being the character and its replacement: those that do not decompose to it. */
const LETTERS =
  "ßss æae ðd øo þth đd ħh ıi ĸk ŀl łl ŉ'n ŋng œoe ŧt ƀb ƃb ƅ6 ƈc ƌd ƍd ƒf ƕhv ƙk ƚl ƛl ƞn ƣoi ƥp ƨ2 ƪsh ƫt ƭt ƴy ƶz " +
  'ƹzh ƺzh ƻ2 ƽ5 ƾts ƿw ǀ| ǁ|| ǂ|= ǃ! ǝ@ ǥg ǯzh ȝy ȡd ȣou ȥz ȴl ȵn ȶt ȷj ȸdb ȹqp ȼc ȿs ɀz ɇe ɉj ɋq ɍr ɏy ẚa ẛS ' +
  // The lower case of capitals in these blocks.
  'ɓb ɔo ɖd ɗd ə@ ɛe ɠg ɣg ɩi ɨi ɯW ɲn ɵo ʀR ʃS ʈt ʊU ʋv ʒZ ⱥa ⱦt ʉu ʌ^';
const SIGNS =
  '¡! ¢C/ £PS ¤$? ¥Y= ¦| §SS ¨" ©(c) «<< ¬! ®(r) ¯- °deg ±+- ´\' µu ¶P ·* ¸, »>> ¿? ×x ÷/ ' +
  '\u2010- \u2011- \u2012- \u2013- \u2014-- \u2015-- ‖|| ‗_ \u2018\' \u2019\' \u201a, \u201b\' \u201c" \u201d" \u201e,, \u201f" ' +
  "†+ ‡++ •* ‣*> ‧. ‰%0 ‱%00 ′' ″'' ‴''' ‵` ‶`` ‷``` ‸^ ‹< ›> ※* ‽!? ‾- ‿_ ⁀- ⁁^ ⁂*** ⁃-- ⁄/ ⁅-[ ⁆]- ⁊& ⁋PP ⁌(] " +
  "⁍[) ⁎* ⁒% ⁓~ ⁗''''";

const REPLACEMENTS = new Map<string, string>([
  ...`${LETTERS} ${SIGNS}`.split(' ').map((entry): [string, string] => [entry[0], entry.slice(1)]),
  ['¼', ' 1/4'],
  ['½', ' 1/2'],
  ['¾', ' 3/4'],
  ['\u200b', ' '],
  ['\u2028', '\n'],
  ['\u2029', '\n\n'],
]);

/** What each character that was met became. At most as many entries as there are characters to fold, some 2,000. */
const folded = new Map<string, string>();

/**
 * Folds Latin letters and punctuation to ASCII, as Python's Unidecode does: é becomes e, ¿ becomes ?, « becomes <<,
 * æ becomes ae. Other scripts are kept, their own accents too; so is a Latin letter that has no ASCII form.
 *
 * Expects lower case: of the upper-case letters only those that decompose are folded. A few signs become capitals
 * (£ becomes PS), as in the reference, which folds after lowering.
 * @see latin-folding.spec.ts compares every character of the blocks with Unidecode.
 */
export function foldLatin(text: string): string {
  const bare = COMBINING_MARK.test(text) ? text.replace(LATIN_WITH_MARKS, '$1') : text;
  return bare.replace(FOLDED, foldCharacter);
}

function foldCharacter(character: string): string {
  let result = folded.get(character);
  if (result === undefined) {
    result = derive(character);
    folded.set(character, result);
  }
  return result;
}

/** By the table, else by compatibility decomposition without the marks, each part by the table. */
function derive(character: string): string {
  if (DROPPED.test(character)) return '';
  const direct = REPLACEMENTS.get(character);
  if (direct !== undefined) return direct;
  const parts = [...character.normalize('NFKD').replace(/\p{M}/gu, '')];
  const result = parts.map((part) => REPLACEMENTS.get(part) ?? part).join('');
  return /^\p{ASCII}*$/u.test(result) ? result : character;
}
