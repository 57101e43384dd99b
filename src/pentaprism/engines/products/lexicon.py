"""What a seller's words say: label, style, brand, material, and whether the thing is new."""

from __future__ import annotations

import re
from functools import cache

from pentaprism.engines.products.options import Hints
from pentaprism.engines.products.vocabulary import ATTRIBUTES, BRAND_LENGTH, LABELS, OTHER

# Further words for a label; its own name, with spaces, and the plural of every word count too.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "headphones": ("headphone", "headset", "over ear", "on ear headphone"),
    "earphones": ("earphone", "earbud", "in ear", "airpods", "ear bud"),
    "speaker": ("loudspeaker", "soundbar", "subwoofer", "boombox"),
    "microphone": ("mic", "condenser mic"),
    "laptop": ("notebook computer", "macbook", "chromebook", "ultrabook", "thinkpad"),
    "mouse": ("computer mouse", "mice", "trackball"),
    "monitor": ("computer display", "lcd display", "led display"),
    "smartphone": ("phone", "iphone", "cell phone", "cellphone", "mobile phone", "galaxy phone", "android phone"),
    "tablet": ("ipad", "tablet computer", "e reader", "kindle"),
    "smartwatch": ("smart watch", "apple watch", "fitness tracker"),
    "camera": ("dslr", "camcorder", "webcam", "mirrorless camera"),
    "game_controller": ("gamepad", "joystick", "joypad", "controller"),
    "t_shirt": ("t shirt", "tshirt", "tee", "tank top"),
    "shirt": ("blouse", "polo", "button down", "dress shirt"),
    "sweater": ("pullover", "hoodie", "jumper", "cardigan", "sweatshirt"),
    "trousers": ("trouser", "pants", "chinos", "leggings", "slacks", "joggers"),
    "jeans": ("jean", "denim pants"),
    "shorts": ("short pants", "bermuda"),
    "jacket": ("blazer", "windbreaker", "parka", "anorak"),
    "coat": ("overcoat", "trench coat", "raincoat"),
    "dress": ("gown", "sundress"),
    "handbag": ("purse", "tote", "tote bag", "shoulder bag", "crossbody", "clutch", "hand bag"),
    "backpack": ("rucksack", "daypack", "school bag"),
    "hat": ("cap", "beanie", "baseball cap", "fedora"),
    "scarf": ("scarves", "shawl"),
    "sneaker": ("trainer", "running shoe", "tennis shoe", "canvas shoe", "sports shoe", "athletic shoe"),
    "boot": ("bootie", "ankle boot", "chelsea boot"),
    "sandal": ("flip flop", "slide sandal", "espadrille"),
    "dress_shoe": ("oxford", "loafer", "brogue", "derby shoe", "formal shoe", "moccasin"),
    "high_heel": ("heel", "pump shoe", "stiletto", "heels", "court shoe", "kitten heel"),
    "chair": ("armchair", "recliner", "rocking chair", "office chair", "dining chair", "desk chair", "computer chair", "gaming chair"),
    "sofa": ("couch", "loveseat", "settee", "futon", "sofa bed"),
    "stool": ("bar stool", "barstool", "ottoman", "footstool"),
    "table": ("coffee table", "dining table", "side table", "end table", "nightstand", "console table", "bedside table"),
    "desk": ("writing desk", "computer desk", "standing desk", "computer table", "study table"),
    "shelf": ("shelves", "bookcase", "bookshelf", "shelving", "book rack"),
    "cabinet": ("wardrobe", "sideboard", "dresser", "cupboard", "chest of drawers", "armoire", "shoe cabinet"),
    "bed": ("headboard", "bed frame", "bunk bed", "bedstead"),
    "ring": ("wedding band", "engagement ring", "signet ring"),
    "necklace": ("pendant", "choker", "locket"),
    "earring": ("ear ring", "ear stud", "stud earring", "hoop earring"),
    "bracelet": ("bangle", "anklet", "wristband"),
    "watch": ("wristwatch", "chronograph", "timepiece", "watches"),
    "teddy_bear": ("plush", "stuffed animal", "plush toy", "soft toy"),
    "building_blocks": ("building block", "lego", "building bricks", "construction set"),
    "toy_car": ("model car", "rc car", "toy truck", "die cast car"),
    "doll": ("action figure", "barbie"),
    "puzzle": ("jigsaw",),
    "board_game": ("chess set", "card game"),
    "ball": ("football", "soccer ball", "basketball", "volleyball", "baseball"),
    "dumbbell": ("kettlebell", "barbell", "free weight"),
    "yoga_mat": ("exercise mat", "gym mat"),
    "racket": ("racquet", "badminton racket", "tennis racket", "paddle racket"),
    "bicycle": ("bike", "mountain bike", "road bike", "e bike"),
    "mug": ("coffee cup", "cup", "tea cup", "teacup", "coffee mug"),
    "pan": ("frying pan", "skillet", "saucepan", "sauce pan", "wok", "fry pan"),
    "kettle": ("teapot", "tea kettle"),
    "bottle": ("flask", "water bottle", "thermos"),
    "candle": ("tea light", "candlestick"),
    "cushion": ("pillow", "throw pillow", "pillow cover", "cushion cover"),
    "lamp": ("floor lamp", "table lamp", "desk lamp", "pendant light", "chandelier", "lantern"),
    "plant_pot": ("planter", "flower pot", "flowerpot", "plant pot"),
    "tire": ("tyre", "winter tire", "all season tire"),
    "wheel": ("alloy wheel", "rim", "wheel rim"),
    "car_battery": ("auto battery", "vehicle battery", "car battery"),
    "car_mat": ("floor mat", "car floor mat", "car floor mats"),
    "book": ("hardcover", "paperback", "novel", "textbook"),
    "comic": ("comic book", "manga", "graphic novel"),
}
STYLES: dict[str, tuple[str, ...]] = {
    "casual": ("casual", "everyday", "leisure"),
    "formal": ("formal", "business", "elegant", "evening", "tuxedo", "office wear"),
    "sporty": ("sporty", "sport", "sports", "athletic", "running", "gym", "training"),
    "vintage": ("vintage", "retro", "antique", "classic", "mid century"),
    "modern": ("modern", "contemporary", "sleek"),
    "minimalist": ("minimalist", "minimal", "minimalistic"),
}
MATERIALS: dict[str, tuple[str, ...]] = {
    "leather": ("leather", "suede", "leatherette"),
    "metal": ("metal", "steel", "aluminium", "aluminum", "brass", "copper", "iron", "sterling silver", "gold plated", "titanium"),
    "wood": ("wood", "wooden", "oak", "walnut", "pine", "bamboo", "teak", "mahogany"),
    "plastic": ("plastic", "acrylic", "polycarbonate", "abs"),
    "fabric": ("fabric", "cotton", "linen", "wool", "polyester", "denim", "canvas", "velvet", "silk", "nylon"),
    "glass": ("glass", "crystal"),
    "ceramic": ("ceramic", "porcelain", "stoneware", "earthenware"),
    "rubber": ("rubber", "silicone", "latex"),
}
NEW = r"\b(?:brand[ -]new|new with tags?|nwt|bnib|new in box|unused|unworn|factory sealed|never used|condition:? new)\b"
NOT_NEW = r"\b(?:used|second[ -]hand|pre[ -]?owned|refurbished|renewed|worn|like new|as new)\b"
BRANDED = r"\b(?:brand|made by|by)\s*[:\-]\s*((?:(?!\.\s)[^,;|\n()]){2,80})"
BRANDS = (
    "AmazonBasics|Amazon Basics|Apple|Samsung|Sony|Bose|JBL|Logitech|Dell|HP|Lenovo|Asus|Acer|Microsoft|Nintendo|Canon|Nikon|"
    "Fujifilm|GoPro|Garmin|Fitbit|Google|Xiaomi|Huawei|OnePlus|Motorola|Nokia|LG|Panasonic|Philips|Sennheiser|Beats|Nike|Adidas|"
    "Puma|Reebok|New Balance|Converse|Vans|Asics|Skechers|Levi's|Zara|H&M|Gucci|Prada|Chanel|Louis Vuitton|Michael Kors|"
    "Ralph Lauren|Tommy Hilfiger|Calvin Klein|The North Face|Patagonia|Columbia|Under Armour|Timberland|Dr\\. Martens|"
    "Birkenstock|Crocs|Clarks|Casio|Seiko|Citizen|Fossil|Rolex|Omega|Swatch|Timex|Pandora|Swarovski|Tiffany|IKEA|Lego|Mattel|"
    "Hasbro|Barbie|Fisher-Price|Playmobil|Ravensburger|Wilson|Yonex|Spalding|Bosch|Michelin|Bridgestone|Goodyear|Pirelli|"
    "Continental|Le Creuset|Tefal|KitchenAid|Bodum|Stanley|Hydro Flask|Razer|Corsair|SteelSeries|Jabra|Anker|Solimo|Rivet|"
    "Movian"
)


def words_of(text: str | None) -> str:
    """Lower-case words between single spaces, with one at either end."""
    return f" {' '.join(re.findall(r'[a-z0-9]+', (text or '').lower()))} "


def label_evidence(hints: Hints) -> tuple[dict[str, float], bool]:
    """(label to probability, whether the title had a hit). A longer match hides the shorter ones inside it; the last noun of a title
    is what the thing is ("leather watch strap for ladies" aside), so later matches weigh more. Empty without a hit."""
    title = _hits(words_of(hints.title))
    found = title or _hits(words_of(_stem(hints.filename))) | _hits(words_of(hints.description))
    total = sum(found.values())
    return {label: weight / total for label, weight in found.items()} if total else {}, bool(title)


def style_of(hints: Hints) -> tuple[str, float] | None:
    """(style, confidence): the style with most words, 0.8 from the title, 0.6 from the description."""
    return _vote(STYLES, hints)


def material_of(hints: Hints) -> tuple[str, float] | None:
    """(material, confidence) where exactly one material is named."""
    return _vote(MATERIALS, hints, alone=True)


def brand_of(hints: Hints) -> tuple[str, float] | None:
    """(brand, confidence): 0.9 after "brand:", 0.8 for a known name in the title, 0.6 in the description."""
    for text in (hints.title, hints.description):
        if text and (found := re.search(BRANDED, text, re.IGNORECASE)):
            name = found[1].strip(" .\t\"'")[:BRAND_LENGTH].strip()
            if name:
                return name, 0.9
    for text, confidence in ((hints.title, 0.8), (hints.description, 0.6)):
        if text and (found := re.search(rf"(?<!\w)(?:{BRANDS})(?!\w)", text, re.IGNORECASE)):
            return _spelled(found[0]), confidence
    return None


def says_new(hints: Hints) -> bool:
    """Whether title or description calls the thing new, and not also used."""
    text = f"{hints.title or ''}\n{hints.description or ''}"
    return bool(re.search(NEW, text, re.IGNORECASE)) and not re.search(NOT_NEW, text, re.IGNORECASE)


def _stem(filename: str | None) -> str:
    """Without its ending, and with spaces where a capital follows a small letter."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", filename or "")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], str], ...]:
    pairs = []
    for label in LABELS:
        if label == OTHER:
            continue
        for phrase in {label.replace("_", " "), *SYNONYMS.get(label, ())}:
            ending = "" if phrase.endswith("s") and not phrase.endswith("ss") else "(?:s|es)?"
            pairs.append((re.compile(f"(?<= ){re.escape(phrase)}{ending}(?= )"), label))
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0].pattern), pair[0].pattern)))


def _hits(words: str) -> dict[str, float]:
    """Label to weight. A word after "for" or "with" tells what the thing goes with, not what it is."""
    taken: list[tuple[int, int]] = []
    found: dict[str, float] = {}
    aside = re.search(r" (?:for|with|compatible|fits) ", words)
    for pattern, label in _phrases():
        for match in pattern.finditer(words):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            taken.append(match.span())
            weight = 0.25 if aside and match.start() > aside.start() else 1.0 + match.start() / len(words)
            found[label] = max(found.get(label, 0.0), weight)
    return found


def _vote(table: dict[str, tuple[str, ...]], hints: Hints, alone: bool = False) -> tuple[str, float] | None:
    for text, confidence in ((hints.title, 0.8), (hints.description, 0.6)):
        words = words_of(text)
        counts = {value: sum(words.count(f" {phrase} ") for phrase in phrases) for value, phrases in table.items()}
        counts = {value: count for value, count in counts.items() if count}
        if counts and not (alone and len(counts) > 1):
            best = max(counts, key=lambda value: counts[value])
            return best, round(confidence * counts[best] / sum(counts.values()), 4)
        if counts:
            return None
    return None


@cache
def _spellings() -> dict[str, str]:
    return {name.replace("\\", "").lower(): name.replace("\\", "") for name in BRANDS.split("|")}


def _spelled(found: str) -> str:
    return _spellings()[found.lower()]


assert set(STYLES) == set(ATTRIBUTES["style"]) and set(MATERIALS) == set(ATTRIBUTES["material"])
