// When the offline assistant calls functions, with what, and how it tells what they returned.
import { describe, expect, it } from 'vitest';
import { bookTable, calledFor, horoscope, house, office, saidTo, weather } from './offline-rig.ts';

describe('a request calls a function', () => {
  it.each([
    ["what's the weather in paris", 'get_weather {"location":"Paris"}'],
    ['What is the weather like in New York today?', 'get_weather {"location":"New York"}'],
    ['whether in paris', 'get_weather {"location":"Paris"}'],
    ['what is the weather in london in fahrenheit', 'get_weather {"location":"London","unit":"fahrenheit"}'],
    ["what's my horoscope i'm a leo", 'get_horoscope {"sign":"Leo"}'],
    ["What's my horoscope? I am an Aquarius.", 'get_horoscope {"sign":"Aquarius"}'],
    ['book a table for two people at seven', 'book_table {"people":2,"time":"seven"}'],
    ['book a table for four at seven thirty pm', 'book_table {"people":4,"time":"seven thirty pm"}'],
    ["i'd like to book a table tomorrow at 8 p.m. for twenty five guests", 'book_table {"people":25,"time":"tomorrow at 8 pm"}'],
    ['turn on the kitchen light', 'set_light {"room":"kitchen","on":true}'],
    ['switch off the light in the living room please', 'set_light {"room":"living_room","on":false}'],
    ['make the bedroom lights off', 'set_light {"room":"bedroom","on":false}'],
  ])('%j', (words, call) => {
    expect(calledFor([words], { tools: house })).toEqual([call]);
  });

  it.each([
    ['send a message to bob saying i am running late', 'send_message {"recipient":"Bob","message":"i am running late"}'],
    ['play bohemian rhapsody', 'play_music {"song":"bohemian rhapsody"}'],
    ['search flights from london to new york tomorrow', 'search_flights {"origin":"London","destination":"New York","date":"tomorrow"}'],
    ['set the thermostat to twenty two degrees', 'set_thermostat {"temperature":22}'],
    ['what time is it in oslo', 'get_time {"city":"Oslo"}'],
    ['end the call please', 'end_call {}'],
    ['where is my order number one two three', 'order_status {"order_number":123}'],
    ['create a reminder to buy milk tomorrow at nine', 'create_reminder {"text":"buy milk","when":"tomorrow at nine"}'],
    ['transfer me to a human', 'transfer_to_human {}'],
  ])('%j', (words, call) => {
    expect(calledFor([words], { tools: office })).toEqual([call]);
  });

  it.each([
    'hello',
    'thank you',
    'nice weather',
    'i love the weather today',
    'recommend me a book',
    'i read a good book yesterday',
    'who wrote hamlet',
    'tell me a joke',
    'what is two plus two',
    'what can you do',
    'cancel my reservation',
    'repeat after me what is the weather in paris',
    'what time is it',
    'is the kitchen light on',
    'are you open on sunday',
    'stop',
  ])('but not %j', (words) => {
    expect(calledFor([words], { tools: house })).toBeTypeOf('string');
  });
});

describe('of several requests in one sentence the first is met, and no other is mixed into it', () => {
  it.each([
    ['turn on the kitchen light and turn off the bedroom light', 'set_light {"room":"kitchen","on":true}'],
    ['turn on the kitchen light and tell me the weather in oslo', 'set_light {"room":"kitchen","on":true}'],
    ['the weather in paris and then the weather in rome', 'get_weather {"location":"Paris"}'],
    ['weather in paris and in rome', 'get_weather {"location":"Paris"}'],
    ['horoscope for leo and virgo', 'get_horoscope {"sign":"Leo"}'],
  ])('%j', (words, call) => {
    expect(calledFor([words], { tools: house })).toEqual([call]);
  });
});

describe('what is missing', () => {
  const lightOn = 'set_light {"room":"kitchen","on":true}';

  it.each([
    ["what's the weather", 'Which location should I use?'],
    ['read me my horoscope', 'Which sign should I use?'],
    ['book a table at eight', 'How many people should I use?'],
    ['turn on the light', 'Which room should I use: kitchen, living room or bedroom?'],
  ])('is asked for: %j', (words, question) => {
    expect(calledFor([words], { tools: house })).toBe(question);
  });

  it.each([
    ["what's the weather", 'Which location should I use?', 'paris', 'get_weather {"location":"Paris"}'],
    ["what's the weather", 'Which location should I use?', "I'm in New York, please.", 'get_weather {"location":"New York"}'],
    ["what's the weather", 'Which location should I use?', "it's paris thank you", 'get_weather {"location":"Paris"}'],
    ['read me my horoscope', 'Which sign should I use?', 'i am a leo', 'get_horoscope {"sign":"Leo"}'],
    ['turn on the light', 'Which room should I use: kitchen, living room or bedroom?', 'the kitchen light', lightOn],
    [
      'turn off the light',
      'Which room should I use: kitchen, living room or bedroom?',
      'the living room',
      'set_light {"room":"living_room","on":false}',
    ],
    ['book a table at eight', 'How many people should I use?', 'for four', 'book_table {"people":4,"time":"eight"}'],
  ])('is taken from the answer: %j %j %j', (words, said, reply, call) => {
    expect(calledFor([words, { said }, reply], { tools: house })).toEqual([call]);
  });

  it('may take several questions', () => {
    const begun = ['book a table', { said: 'How many people should I use?' }, 'two'];
    expect(calledFor(begun, { tools: house })).toBe('Which time should I use?');
    expect(calledFor([...begun, { said: 'Which time should I use?' }, 'eight'], { tools: house })).toEqual([
      'book_table {"people":2,"time":"eight"}',
    ]);
    expect(calledFor([...begun, { said: 'Which time should I use?' }, 'half past seven'], { tools: house })).toEqual([
      'book_table {"people":2,"time":"half past seven"}',
    ]);
  });

  it.each([
    ['never mind', 'Okay.'],
    ['what is two plus two', '2 plus 2 is 4.'],
    ['turn on the light', 'Which room should I use: kitchen, living room or bedroom?'],
  ])('is forgotten when the user goes on with %j', (words, reply) => {
    expect(saidTo(["what's the weather", { said: 'Which location should I use?' }, words], { tools: house })).toBe(reply);
  });

  it('may be text of any kind', () => {
    const begun = ['send a message', { said: 'Which recipient should I use?' }, 'bob', { said: 'Which message should I use?' }];
    expect(calledFor([...begun, 'i am in the car'], { tools: office })).toEqual([
      'send_message {"recipient":"Bob","message":"i am in the car"}',
    ]);
  });

  it('is found in the other half of a sentence that a pause cut', () => {
    expect(calledFor(['what is the weather', 'in paris'], { tools: house })).toEqual(['get_weather {"location":"Paris"}']);
  });
});

it('a verb that several functions have asks for none of them', () => {
  const search = { name: 'search_web', description: 'Search the web', parameters: { properties: { query: { type: 'string' } } } };
  expect(calledFor(['search for cats'], { tools: [...office, search] })).toBeTypeOf('string');
  expect(calledFor(['search for cats'], { tools: [search] })).toEqual(['search_web {"query":"cats"}']);
});

it('a tool of an MCP server is asked for by its own name', () => {
  const tools = [
    { ...weather, name: 'far__get_weather' },
    { name: 'call__hang_up', description: 'Ends the call.', parameters: {} },
  ];
  expect(calledFor(['what is the weather in paris'], { tools })).toEqual(['far__get_weather {"location":"Paris"}']);
  expect(calledFor(['please hang up now'], { tools })).toEqual(['call__hang_up {}']);
  expect(calledFor(['wait stop please'], { tools })).toBe('Okay.');
});

describe('tool choice', () => {
  it('none calls nothing', () => {
    expect(calledFor(['weather in paris'], { tools: house, toolChoice: 'none' })).toMatch(/language model/);
  });

  it('required calls the best there is, with something in every required argument', () => {
    expect(calledFor(['blah'], { tools: [bookTable], toolChoice: 'required' })).toEqual(['book_table {"people":0,"time":""}']);
    expect(calledFor(['the horoscope of a leo'], { tools: house, toolChoice: 'required' })).toEqual(['get_horoscope {"sign":"Leo"}']);
    expect(calledFor([], { tools: [weather], toolChoice: 'required' })).toEqual(['get_weather {"location":""}']);
  });

  it('by name calls that function, though another fits better', () => {
    expect(calledFor(['weather in paris for a leo'], { tools: house, toolChoice: { name: 'get_horoscope' } })).toEqual([
      'get_horoscope {"sign":"Leo"}',
    ]);
  });

  it('required still tells the result instead of calling again', () => {
    const lines = ['weather in paris', { called: 'get_weather', with: { location: 'Paris' }, got: '"Sunny and warm today."' }];
    expect(saidTo(lines, { tools: house, toolChoice: 'required' })).toBe('Sunny and warm today.');
  });
});

describe('a result', () => {
  it.each([
    ['{"temperature":21,"unit":"C"}', 'The temperature is 21 and the unit is C.'],
    ['{"condition":"rainy"}', 'The condition is rainy.'],
    ['{"horoscope":"You will befriend a baby otter."}', 'You will befriend a baby otter.'],
    ['You will befriend a baby otter', 'You will befriend a baby otter.'],
    ['{"success":true,"confirmationNumber":"A17","request_id":"x"}', 'The confirmation number is A17.'],
    ['{"ok":true}', 'Done.'],
    ['', 'Done.'],
    ['42', 'The answer is 42.'],
    ['[{"name":"Luigi"},{"name":"Mario"}]', 'Luigi and Mario.'],
    ['{"rooms":["hall","attic"],"open":false}', 'The rooms are hall and attic and it is not open.'],
    ['{"wind":{"speed_kph":12}}', 'For the wind, the speed kph is 12.'],
    ['{"is_available":true}', 'It is available.'],
    ['{"error":"no such place"}', 'Get weather did not work: no such place.'],
    ['{"success":false}', 'Get weather did not work.'],
    ['Error: timed out', 'Get weather did not work: timed out.'],
  ])('%j is told', (got, reply) => {
    expect(saidTo(['x', { called: 'get_weather', with: {}, got }], { tools: house })).toBe(reply);
  });

  it('of two calls is told one after the other', () => {
    const reply = saidTo([
      'x',
      { called: 'get_weather', with: { location: 'Paris' }, got: 'It is warm in Paris.' },
      { called: 'get_weather', with: { location: 'Rome' }, got: '{"error":"no data for Rome"}' },
    ]);
    expect(reply).toBe('It is warm in Paris. Get weather did not work: no data for Rome.');
  });

  it('as long as a book is cut', () => {
    expect(saidTo(['x', { called: 'f', with: {}, got: 'word '.repeat(1000) }]).length).toBeLessThan(920);
  });

  it('is not told again when the user goes on', () => {
    expect(saidTo(['x', { called: 'f', with: {}, got: '42' }, 'hello'])).toMatch(/^Hello/);
  });
});

describe('the schema', () => {
  it('may allow null, alternatives and lists', () => {
    const tools = [
      {
        name: 'mix_colors',
        description: 'Mix colors of paint',
        parameters: {
          type: 'object',
          properties: {
            colors: { type: 'array', items: { type: 'string', enum: ['red', 'green', 'blue'] } },
            litres: { anyOf: [{ type: 'null' }, { type: 'number' }] },
            finish: { type: 'string', enum: ['matt', 'glossy'], default: 'matt' },
          },
          required: ['colors', 'litres', 'finish'],
        },
      },
    ];
    expect(calledFor(['mix the colors red and blue for two litres'], { tools })).toEqual([
      'mix_colors {"colors":["red","blue"],"litres":2,"finish":"matt"}',
    ]);
  });

  it('may be empty or nonsense', () => {
    const tools = [{ name: 'horoscope', description: '', parameters: {} }];
    expect(calledFor(['horoscope please'], { tools })).toEqual(['horoscope {}']);
    expect(calledFor(['horoscope'], { tools: [{ ...horoscope, parameters: { properties: { sign: null } } }] })).toEqual([
      'get_horoscope {}',
    ]);
  });
});

describe('while a call waits for its result', () => {
  const waiting = ['weather in paris', { called: 'get_weather', with: { location: 'Paris' } }] as const;

  it('another question is answered, and the function is not called again', () => {
    expect(saidTo([...waiting, 'what time is it'], { tools: house })).toMatch(/^It is /);
    expect(saidTo([...waiting, 'what is two plus two'], { tools: house })).toBe('2 plus 2 is 4.');
  });

  it('the same request is not made a second time', () => {
    expect(saidTo([...waiting, 'weather in paris'], { tools: house })).toBe('One moment, I am still waiting for that.');
  });

  it('nor where the session says that it waits', () => {
    const waits = { called: 'get_weather', with: { location: 'Paris' }, got: '(no result yet)' };
    for (const words of [[], ['weather in paris']])
      expect(saidTo(['weather in paris', waits, ...words], { tools: house })).toBe('One moment, I am still waiting for that.');
  });

  it('another request is', () => {
    expect(calledFor([...waiting, 'weather in rome'], { tools: house })).toEqual(['get_weather {"location":"Rome"}']);
  });
});

describe('a name', () => {
  const reservation = {
    name: 'reserve_table',
    description: 'Reserve a table at the restaurant',
    parameters: {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Name of the guest' },
        people: { type: 'integer', description: 'Number of guests' },
      },
      required: ['name', 'people'],
    },
  };
  const pet = {
    name: 'add_pet',
    description: 'Add a pet to the register',
    parameters: { type: 'object', properties: { name: { type: 'string', description: 'Name of the pet' } }, required: ['name'] },
  };

  it.each([
    ['reserve a table for four people, Name Miller', 'Miller', 4],
    ['reserve a table for 2 people under the name Miller', 'Miller', 2],
    ['reserve a table for David, people: three', 'David', 3],
    ['Please reserve a table for David People four', 'David', 4],
    ['reserve a table for two people, the name is Anna Berg', 'Anna Berg', 2],
  ])('is what is left of %j without the words that only say what it is', (words, name, people) => {
    expect(calledFor([words], { tools: [reservation] })).toEqual([`reserve_table ${JSON.stringify({ name, people })}`]);
  });

  it.each(['add a pet, has the dog called yet', 'add the pet the dog called yet', 'add a pet called now'])(
    'is not the adverb behind a verb: %j',
    (words) => {
      expect(calledFor([words], { tools: [pet] })).toBe('Which name should I use?');
    },
  );

  it('stands behind called and named', () => {
    expect(calledFor(['add a pet called Rex'], { tools: [pet] })).toEqual(['add_pet {"name":"Rex"}']);
  });
});
