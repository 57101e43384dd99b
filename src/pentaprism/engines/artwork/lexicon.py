"""The words that a prompt may use, each leading to something that is really drawn."""

from dataclasses import dataclass

from pentaprism.engines.artwork.colour import NAMED

SUBJECTS: dict[str, str] = {
    "mountains": (
        "mountain mountains peak peaks summit summits alps alpine ridge ridges cliff cliffs himalaya rockies highland "
        "highlands matterhorn dolomites"
    ),
    "hills": (
        "hill hills countryside tuscany vineyard vineyards farmland pasture pastures valley valleys rural farm "
        "landscape scenery"
    ),
    "desert": "desert deserts dune dunes sahara sand arid oasis",
    "canyon": "canyon canyons mesa gorge badlands sandstone",
    "meadow": "meadow meadows field fields grass lawn prairie grassland savanna plains park steppe pastoral",
    "forest": "forest forests woods woodland jungle grove taiga wilderness rainforest",
    "flowers": "flower flowers bloom blooms blooming blossom blossoms petal petals floral garden gardens",
    "beach": (
        "beach beaches shore shoreline coast coastline coastal seaside seashore lagoon tropical tropics paradise "
        "maldives hawaii"
    ),
    "sea": (
        "sea seas ocean oceans wave waves marine bay harbor harbour water horizon gulf seascape pacific atlantic"
    ),
    "lake": "lake lakes reflection reflections pond fjord river rivers stream lakeside",
    "island": "island islands isle atoll",
    "volcano": "volcano volcanoes lava crater eruption fuji",
    "city": (
        "city cities skyline skyscraper skyscrapers downtown metropolis urban town building buildings street manhattan "
        "tokyo new_york london paris dubai singapore hong_kong chicago cityscape architecture"
    ),
    "space": (
        "space galaxy galaxies nebula cosmos cosmic universe planet planets orbit interstellar saturn jupiter asteroid"
    ),
    "cup": "cup cups coffee tea mug mugs espresso latte cappuccino cocoa teacup cafe",
    "bottle": "bottle bottles wine perfume juice beer beverage liquor lemonade",
    "product": (
        "product products cosmetic cosmetics skincare lotion package packaging shampoo podium serum mockup moisturizer"
    ),
    "gift": "gift gifts present presents giftbox",
    "candle": "candle candles candlelight candlelit",
    "fruit": "fruit fruits apple apples citrus tangerine tangerines mandarin grapefruit",
    "vase": "vase vases bouquet bouquets",
    "plant": "plant plants houseplant succulent potted fern monstera greenery",
    "books": "book books library novel novels reading literature",
    "lights": "lights bokeh garland garlands lamps bulbs sparkle sparkles glitter glittering shimmer",
    "party": (
        "party celebration birthday balloon balloons confetti festival festive carnival anniversary celebrate"
    ),
    "abstract": (
        "abstract flow flowing fluid silk swirl swirls gradient marble smoke liquid curves texture background wallpaper"
    ),
    "geometric": "geometric geometry shapes shape circles circle triangles squares bauhaus pattern grid mosaic tiles",
    "logo": "logo emblem badge icon brandmark symbol",
}  # fmt: skip
"""Subjects and the words for each."""

DETAILS: dict[str, str] = {
    "birds": "bird birds gull gulls seagull seagulls eagle swallow swallows flock geese",
    "sailboat": "sailboat sailboats boat boats ship yacht sailing sail",
    "hot-air balloons": "hot_air_balloon hot_air_balloons",
    "cabin": "cabin house houses cottage hut home lodge chalet farmhouse",
    "lighthouse": "lighthouse beacon",
    "tent": "tent tents camping camp campsite",
    "palm trees": "palm palms palm_tree palm_trees coconut",
    "pine trees": "pine pines fir firs spruce conifer conifers evergreen",
    "trees": "tree trees oak oaks birch willow leafy",
    "autumn trees": "autumn fall autumnal foliage maple october november harvest",
    "cherry trees": "sakura cherry_blossom cherry_blossoms cherry_tree spring springtime",
    "moon": "moon moonlight moonlit lunar full_moon",
    "sun": "sun sunlight sunshine sunbeams",
    "rainbow": "rainbow rainbows",
    "fireworks": "firework fireworks new_year",
    "lanterns": "lantern lanterns sky_lanterns",
    "shooting stars": "meteor meteors comet shooting_star shooting_stars",
    "stars": "star stars starry starlight constellation",
    "milky way": "milky_way night_sky starry_sky",
    "aurora": "aurora northern_lights borealis polar_lights",
    "wooden table": "table wooden tabletop desk",
    "snow": "snow snowy winter wintry ice icy glacier frost frozen arctic christmas december",
}
"""What stands, flies or shines in a scene beside its subject."""

FLOWERS: dict[str, str] = {
    "rose": "rose_garden roses",
    "tulip": "tulip tulips",
    "daisy": "daisy daisies",
    "sunflower": "sunflower sunflowers",
    "lavender": "lavender_field lavender_fields field_of_lavender fields_of_lavender provence",
    "poppy": "poppy poppies",
    "lily": "lily lilies",
    "orchid": "orchid orchids",
    "wildflower": "wildflower wildflowers",
    "cornflower": "cornflower cornflowers",
}

TIMES: dict[str, str] = {
    "dawn": "dawn sunrise daybreak early_morning",
    "morning": "morning",
    "noon": "noon midday day daytime daylight summer",
    "afternoon": "afternoon",
    "golden hour": "golden_hour golden",
    "sunset": "sunset sundown sunsets",
    "dusk": "dusk twilight evening nightfall blue_hour",
    "night": "night midnight nighttime nocturnal nights",
}

WEATHER: dict[str, str] = {
    "clear": "clear sunny cloudless blue_sky clear_sky",
    "cloudy": "cloudy cloud clouds overcast",
    "fog": "fog foggy mist misty haze hazy",
    "rain": "rain rainy raining drizzle",
    "snow": "snowfall snowing snowflakes blizzard",
    "storm": "storm stormy thunder thunderstorm tempest",
}

MOODS: dict[str, str] = {
    "calm": "calm peaceful serene tranquil quiet relaxing gentle still",
    "dramatic": "dramatic epic majestic powerful breathtaking spectacular",
    "cheerful": "cheerful happy joyful playful fun lively bright vibrant colorful colourful",
    "dark": "dark moody mysterious gloomy shadowy",
    "warm": "warm cozy cosy toasty",
    "cold": "cold cool chilly crisp",
    "dreamy": "dreamy magical fantasy enchanted surreal ethereal whimsical pastel",
    "romantic": "romantic love valentine",
}

STYLES: dict[str, str] = {
    "minimalist": "minimalist minimal minimalistic simple clean",
    "flat": "flat vector flat_design",
    "neon": "neon cyberpunk glowing futuristic electric",
    "retro": "retro vintage synthwave vaporwave eighties nostalgic 80s",
    "watercolor": "watercolor watercolour aquarelle",
    "low-poly": "low_poly lowpoly polygonal faceted low-poly",
    "pixel art": "pixel pixelated pixel_art 8-bit",
    "oil painting": "painting oil_painting impressionist painterly brushstrokes",
}

STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "over",
        "under",
        "with",
        "and",
        "or",
        "by",
        "for",
        "to",
        "from",
        "as",
        "is",
        "are",
        "be",
        "into",
        "above",
        "below",
        "behind",
        "through",
        "near",
        "next",
        "beside",
        "against",
        "around",
        "between",
        "along",
        "across",
        "very",
        "some",
        "many",
        "few",
        "lots",
        "lot",
        "its",
        "it",
        "this",
        "that",
        "these",
        "those",
        "my",
        "our",
        "your",
        "their",
        "his",
        "her",
        "up",
        "down",
        "out",
        "one",
        "two",
        "three",
        "beautiful",
        "stunning",
        "gorgeous",
        "lovely",
        "nice",
        "pretty",
        "amazing",
        "wonderful",
        "great",
        "perfect",
        "high",
        "quality",
        "detailed",
        "professional",
        "photo",
        "photograph",
        "photography",
        "picture",
        "image",
        "illustration",
        "scene",
        "view",
        "shot",
        "style",
        "styled",
        "design",
        "art",
        "artwork",
        "drawing",
        "render",
        "rendered",
        "photorealistic",
        "realistic",
        "cinematic",
        "hd",
        "4k",
        "8k",
        "composition",
        "lighting",
        "light",
        "like",
        "while",
        "where",
        "which",
        "there",
        "show",
        "showing",
        "featuring",
        "sky",
        "background",
        "backdrop",
    ]
)
"""Words that neither change a picture nor are worth a remark."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a word means: the role it plays, and the term."""

    role: str
    term: str


def _entries() -> dict[str, Entry]:
    found: dict[str, Entry] = {name: Entry("colour", name) for name in NAMED}
    found["grey"], found["golden_color"] = Entry("colour", "gray"), Entry("colour", "gold")
    tables = (
        ("subject", SUBJECTS), ("detail", DETAILS), ("flower", FLOWERS), ("time", TIMES),
        ("weather", WEATHER), ("mood", MOODS), ("style", STYLES),
    )  # fmt: skip
    for role, table in tables:
        for term, words in table.items():
            for word in words.split():
                found.setdefault(word.replace("_", " "), Entry(role, term))
    return found


LEXICON = _entries()
"""Every word and phrase that is understood, in lower case."""
LONGEST_PHRASE = max(phrase.count(" ") + 1 for phrase in LEXICON)
