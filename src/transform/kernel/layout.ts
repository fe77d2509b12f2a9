/**
 * Where things are in the memory that the kernel and the mapping share; addresses and sizes in bytes. Pages that nobody
 * touches cost nothing, so there is room for the worst case. Read by the kernel, too.
 */

/** Words of 32 bits that both sides read and write; which is which stands at the end. */
export const stateAt = 1024
/** What the kernel keeps of its three dictionaries. */
export const envelopeKeysAt = 1280
export const columnKeysAt = 1296
export const categoryKeysAt = 1312
/** Where the objects of a document that are open began. */
export const openedAt = 2048
export const mostOpen = 64

/** What columns hold, by slot; behind those of the table are the values that were worked out. */
export const mostSlots = 1 << 14
export const kindsAt = 4096
export const fromAt = kindsAt + mostSlots
export const toAt = fromAt + mostSlots * 4

/** What fields get, by their number; of sets, the elements. */
export const mostFields = 1 << 11
export const mostElements = 32
export const refsAt = toAt + mostSlots * 4
export const countsAt = refsAt + mostFields * 4
export const setsAt = countsAt + mostFields * 4

/** Slots whose member has not the form of its column. */
export const oddAt = setsAt + mostFields * mostElements * 4

/** The members of a record: four words each. */
export const mostMembers = 1 << 16
export const memberBytes = 16
export const membersAt = oddAt + mostSlots * 4

/** JSON that was made for the record at hand. */
export const madeAt = membersAt + mostMembers * memberBytes
export const madeBytes = 1 << 20

/** What stays as long as the memory does: keys, plans of documents, JSON that is written often. */
export const keptAt = madeAt + madeBytes
export const keptBytes = 16 << 20

/** The message that is read. Larger ones are parsed. */
export const bodyAt = keptAt + keptBytes
export const bodyBytes = 4 << 20

/** For a text without its escapes, while it is read. */
export const scratchAt = bodyAt + bodyBytes

/** Documents. This part grows. */
export const outAt = scratchAt + bodyBytes
export const outBytes = 4 << 20

/** Ids of keys: those of the envelope count from 0, columns from here on; what no dictionary has is negative. */
export const firstColumn = 1000
export const unknownKey = -1
export const unknownColumn = -2

/** From here on references stand for dates: the slot of a text that is to be cut to milliseconds, and this. */
export const dateRefs = 1 << 20
/** From here on for sets: the number of the field, and this. */
export const setRefs = 1 << 21

/** What the search for the next record came to. */
export const foundRecord = 1
export const foundEnd = 2
export const foundUnusual = 3
/** An object or list that somebody else has to read. */
export const foundNested = 4

/** Numbers per step of a plan: what it is, its key and the key's length, and then as the kind of step has it. */
export const stepWords = 10
export const stepOpen = 1
export const stepClose = 2
/** Number of the field. */
export const stepField = 3
/**
 * Number of the vendor field, slot, the slot that counts when that is empty, kinds that are copied (and flags), kinds
 * that are copied in quotes, where the numbers of fields stand that may have the value already, and how many.
 */
export const stepVendor = 4
export const stepPosition = 5
/** These are the caller's. */
export const stepOthers = 6
export const stepRemarks = 7

/** Flags beside the kinds of a vendor step. */
export const isDateFlag = 1 << 24
export const isAddressFlag = 1 << 25
/** The caller knows whether the value is elsewhere, and what it becomes. */
export const isCallersFlag = 1 << 26
/** JSON as text, for a field that takes objects and lists of them. */
export const isObjectsFlag = 1 << 27
/** For one that takes a text or a list of texts, and one that takes what is neither. */
export const isWordsFlag = 1 << 28
export const isNoWordsFlag = 1 << 29
/** Beside the usual kinds of a slot: a hyphen says that there is no address. */
export const hyphenFlag = 1 << 31

/** Why writing stopped before the end. Beside these it is a step that the caller has to do, by the step's number. */
export const stopEnd = 0
/** Whether a field has the value of the column already is for the caller to tell. */
export const stopCompare = 8
export const stopRoom = 9

/** Words of the state. */
export const stateOut = 0
export const stateOutEnd = 1
/** The step that is at hand. */
export const stateStep = 2
/** How many bytes more are needed. */
export const stateNeed = 4
/** Slot that a vendor step is about. */
export const stateSlot = 5
/** Behind the last step. */
export const stateSteps = 6
/** Where the pairs of start and end of constants stand. */
export const stateConstants = 7
export const stateHasOthers = 8
/** Of the record that was found. */
export const stateFrom = 9
export const stateTo = 10
export const stateMembersEnd = 11
/** Number of the category, or -1, and where its text starts and ends. */
export const stateCategory = 12
export const stateCategoryFrom = 13
export const stateCategoryTo = 14
/** Where the search is. */
export const stateAtByte = 16
export const stateOdd = 17
/** The JSON of the position, without the number of the record and what follows; 0 for none. */
export const statePosition = 18
export const statePositionEnd = 19
export const stateIndex = 20
export const stateHasRemarks = 21
/** How deep JSON in a column may be nested, and how many keys and elements it may have. */
export const stateMostDepth = 22
export const stateMostKeys = 23
