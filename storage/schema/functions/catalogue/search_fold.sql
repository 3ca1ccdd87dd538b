-- search_fold: what two spellings of one name have in common. Compatibility forms are decomposed
-- (presentation forms, alef and ya with hamza or madda, accents, full width), marks, tatweel and
-- direction marks dropped, alef wasla, alef maqsura, ta marbuta and the Persian letters made plain,
-- both kinds of Arabic digits made ASCII, ASCII letters lowered, everything else that is no letter
-- or digit one space. Stored columns stand on it (storage/schema/README.md).
-- in:  a name, or what somebody types to find it      out: words of small letters and digits
CREATE OR REPLACE FUNCTION search_fold(spelling text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN btrim(
    regexp_replace(
        translate(
            regexp_replace(
                lower(normalize(spelling, NFKD) COLLATE "C"),
                '[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8'
                '\u06ea-\u06ed\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]',
                '', 'g'),
            'ٱىیةکھہ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', 'اييهكهه01234567890123456789'),
        '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf'
        '\u060c\u061b\u061f\u066a-\u066d\u06d4\u2000-\u206f]+',
        ' ', 'g'));
