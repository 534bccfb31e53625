// What is said to measure the judge of turns: sentences as people speak them, with the places (`|`) where they stop to think.

export const kinds = ['function word', 'filler', 'digits', 'list', 'clause'] as const;
export type Kind = (typeof kinds)[number];

export interface Sentence {
  /** Without the marks. */
  readonly text: string;
  /** After how many of its words there is a pause within it, and of which kind. */
  readonly pauses: readonly { words: number; kind: Kind }[];
}

/** A moment of silence in or after speech, to be judged. */
export interface Moment {
  /** The turn so far and 200 ms of silence: mono 16 kHz. */
  readonly audio: Int16Array;
  readonly transcript: string;
  /** Undefined at the true end of a turn. */
  readonly within: Kind | 'reading' | undefined;
  /** How long it lasted, where that is known: a synthesiser's pauses last as long as people's might. */
  readonly lastsMs?: number;
}

/** The letter before a sentence is the kind of its pauses, in their order; `-` stands before one without any. */
const lines = `
f I would like to book a | table for four people.
f Can you send it to my | office in the morning?
ff I am looking for the | cheapest flight to | Lisbon on Friday.
f She told me that the | contract was never signed.
f We could move it to | the second week of May.
f I was wondering if you | could help me with my bill.
f Please put the blue one in | the box next to the door.
ff I need the address of | your shop in the | old town.
f He is going to | call me back this evening.
f My son has a | fever since yesterday.
f I think it would be | better to wait until Monday.
f They should have | delivered it last week.
f Is there a pharmacy near | the central station?
f It was really | difficult to find a parking space.
f We need a room with | two beds and a balcony.
f I want to change the | name on my ticket.
f The reason is that I | lost my card on the train.
f Could you tell me what | the opening hours are?
f I forgot to | take my medicine this morning.
f The man at the | desk was very friendly.
u I need, um, | a new password for my account.
u So, uh, | my order has not arrived yet.
u It is, you know, | a rather old car.
u The thing is, well, | I cannot come on Thursday.
u I would like, uh, | two tickets for tonight.
u Can you, um, | check the status of my repair?
u He said, I mean, | he promised to pay it back.
uf Maybe, um, | we could try the | other number.
u I have been waiting for, uh, | almost an hour.
u Let me see, | the number is on the back.
u That would be, um, | the twenty second of June.
u My name is, uh, | Katherine Miller.
u I was born in, um, | nineteen eighty four.
u The address is, let me see, | twelve Garden Street.
d My number is five five five | zero one nine two.
dd The code is four seven | nine one | three three eight.
d It is spelled M I | double L E R.
d My account number is eight eight | two four six one.
d The order number is seven zero | one five nine.
dd You can reach me at six one two | four four | nine eight zero three.
d The zip code is nine zero | two one zero.
d My card number begins with four nine | two two.
d The reference is B K | seven seven one.
d Please dial zero eight | five five one two.
d The flight is L H | four three nine.
l I need some milk, | a loaf of bread and a dozen eggs.
ll We visited Rome, | Florence, | and Venice last summer.
l I would like the soup, | the salmon and a glass of water.
l Please invite Anna, | Peter and the whole team.
ll It comes in red, | green, | blue and yellow.
l I can do Monday morning, | Tuesday afternoon or Friday.
l You will need a passport, | two photographs and the form.
l Turn off the lights, | lock the door and close the windows.
l The room has a desk, | a lamp and a small fridge.
l I play the piano, | the guitar and a little drums.
l Please send it to Maria, | to David and to the accounts department.
c If the train is late, | we will miss the last bus.
c When I got home, | the door was already open.
c Because it was raining, | we stayed inside all day.
c After I talked to my boss, | I decided to look for something new.
c I called you yesterday, | but nobody answered the phone.
c The printer is broken, | so I could not send you the letter.
c I like the apartment, | although it is a little too small.
c We can meet on Tuesday, | if that works for you.
c I ordered the large one, | and you sent me the small one.
c My phone fell into the water, | and now the screen stays black.
c Although the soup was cold, | the rest of the meal was lovely.
c I have a question, | it is about my last invoice.
c The heating does not work, | we have been freezing since Sunday.
c I tried to log in, | but it says my password is wrong.
cc When you see Tom, | tell him that I called, | and that it is urgent.
c Before we start, | could you close the window?
c If I pay today, | when will it be delivered?
c She is not here right now, | she will be back at three.
cf I moved last month, | so I need to change my | address.
fc I would like to | cancel my subscription, | because I never use it.
fl I am calling about the | invoice for March, | April and May.
uc Well, um, | I tried that already, | and it did not help.
- What time does the last train leave?
- I would like to speak to somebody in sales.
- Thank you very much for your help.
- Yes, that would be perfect.
- No, I do not think so.
- Can you turn it on?
- Where are you from?
- My name is Robert Fisher.
- That is all I need.
- I do not know what it is.
- How much does it cost?
- Please call me back tomorrow.
- It arrived this morning, thank you.
- Could you repeat that, please?
- I am calling about my order.
- The second one, please.
- I will be there at half past six.
- Do you have it in a larger size?
- Set a timer for fifteen minutes.
- My number is five five five zero one nine two.
- I am not sure about that.
- Is it going to rain tomorrow?
- I already told you everything that I know.
- Never mind, I found it.
- Which platform does it leave from?
- I would rather pay by card.
- It does not work.
- Tell me a joke.
- Let us do it on Wednesday.
- That sounds good to me.
- Who is the manager of this hotel?
- Remind me to water the plants tonight.
- I was there last week.
- We are a party of five.
- Is breakfast included in the price?
- I need to see a doctor today.
- The window in my room does not close.
- Yes, I do.
- You can leave it with my neighbour.
- Good morning, how are you today?
`;

const kindOf: Readonly<Record<string, Kind>> = { f: 'function word', u: 'filler', d: 'digits', l: 'list', c: 'clause' };

export const corpus: readonly Sentence[] = lines
  .trim()
  .split('\n')
  .map((line) => {
    const [letters = '', ...words] = line.split(' ');
    const pauses: { words: number; kind: Kind }[] = [];
    const spoken: string[] = [];
    for (const word of words) {
      if (word !== '|') spoken.push(word);
      else pauses.push({ words: spoken.length, kind: kindOf[letters[pauses.length] ?? ''] as Kind });
    }
    return { text: spoken.join(' '), pauses };
  });
