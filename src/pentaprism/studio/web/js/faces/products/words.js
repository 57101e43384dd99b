// The words of the products face, as the contract lists them, and how people say them.

export const STEPS = ["preprocess", "classify", "extract_attributes", "detect_defects", "generate_description"];

/** @type {Record<string, string>} */
const SPOKEN = {
  preprocess: "Prepare", classify: "Classify", extract_attributes: "Attributes", detect_defects: "Defects", generate_description: "Describe",
  home_garden: "Home and garden", t_shirt: "T-shirt", like_new: "Like new", single: "One photo", batch: "Several photos",
};

/** @type {Record<string, Record<string, string[]>>} */
export const TREE = {
  electronics: {
    audio: ["headphones", "earphones", "speaker", "microphone"], computing: ["laptop", "keyboard", "mouse", "monitor"], mobile: ["smartphone", "tablet"],
    wearables: ["smartwatch"], imaging: ["camera"], gaming: ["game_controller"],
  },
  clothing: {
    tops: ["t_shirt", "shirt", "sweater"], bottoms: ["trousers", "jeans", "skirt", "shorts"], outerwear: ["jacket", "coat"], dresses: ["dress"],
    bags: ["handbag", "backpack"], accessories: ["hat", "scarf", "belt"],
  },
  footwear: { casual: ["sneaker"], boots: ["boot"], open: ["sandal"], formal: ["dress_shoe", "high_heel"] },
  furniture: { seating: ["chair", "sofa", "stool"], tables: ["table", "desk"], storage: ["shelf", "cabinet"], bedroom: ["bed"] },
  jewelry: { rings: ["ring"], necklaces: ["necklace"], earrings: ["earring"], bracelets: ["bracelet"], watches: ["watch"] },
  toys: { plush: ["teddy_bear"], building: ["building_blocks"], vehicles: ["toy_car"], dolls: ["doll"], games: ["puzzle", "board_game"] },
  sports: { balls: ["ball"], fitness: ["dumbbell", "yoga_mat"], rackets: ["racket"], cycling: ["bicycle"], outdoor: ["tent"] },
  home_garden: { kitchen: ["mug", "pan", "kettle", "bottle"], decor: ["vase", "candle", "cushion"], lighting: ["lamp"], garden: ["plant_pot", "watering_can"] },
  automotive: { wheels: ["tire", "wheel"], parts: ["car_battery"], interior: ["car_mat"] },
  books: { print: ["book", "magazine", "comic"] },
};

export const CATEGORIES = [...Object.keys(TREE), "other"];

/** @type {Record<string, string[]>} */
export const ATTRIBUTES = {
  color: ["red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "gray", "beige"],
  material: ["leather", "metal", "wood", "plastic", "fabric", "glass", "ceramic", "rubber"],
  pattern: ["solid", "striped", "plaid", "dotted", "textured", "floral"],
  condition: ["new", "like_new", "good", "fair", "poor"],
  style: ["casual", "formal", "sporty", "vintage", "modern", "minimalist"],
  brand: [],
};

/** @type {Record<string, string>} */
export const FLAGS = {
  blurry: "The photo is blurred", dark: "The photo is dark", overexposed: "Parts of the photo are blown out", small: "The photo is small",
  busy_background: "The background is busy",
};

/** A word of the vocabulary for people. @param {string | null | undefined} word */
export function say(word) {
  if (!word) return "–";
  const spoken = SPOKEN[word] ?? word.replaceAll("_", " ");
  return spoken[0].toUpperCase() + spoken.slice(1);
}

/** @param {number | null | undefined} share 0..1 */
export function percent(share) {
  return share === null || share === undefined ? "–" : `${Math.round(share * 100)} %`;
}

/** The category that a label belongs to; a category is its own. @param {string} label */
export function categoryOf(label) {
  return CATEGORIES.includes(label) ? label : Object.keys(TREE).find((category) => Object.values(TREE[category]).flat().includes(label)) ?? "other";
}

/** The subcategory of a fine label. @param {string} label @returns {string | null} */
export function subcategoryOf(label) {
  const groups = TREE[categoryOf(label)] ?? {};
  return Object.keys(groups).find((group) => groups[group].includes(label)) ?? null;
}
