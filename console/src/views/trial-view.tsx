// What a router would do with a request: why this route and this variant, which models in which order, and what they would be told.
import { figuresOf, patienceOf, shareWords, type Trial, type TrialCondition } from '../realtime/router-trial.ts';
import { shown } from '../realtime/routers.ts';

export function TrialView({ trial }: { trial: Trial }) {
  const { route, variant, conditions, models, unserved, generation, messages, unfilled, warnings, error } = trial;
  const isDefault = conditions.every(({ holds }) => !holds);
  return (
    <>
      {error !== undefined && <p class="bad">No model would be asked: {error}</p>}
      {route !== undefined && (
        <p class="trial-sum">
          Route <strong>{route}</strong>
          {isDefault && conditions.length > 0 && ', since no condition holds'}; variant <strong>{variant}</strong>, {shareWords(trial)}.
        </p>
      )}
      {conditions.length > 0 && (
        <section>
          <h3>Conditions</h3>
          <ol class="verdicts">
            {conditions.map((condition) => (
              <ConditionView key={condition.route} condition={condition} />
            ))}
          </ol>
        </section>
      )}
      {models.length > 0 && (
        <section>
          <h3>Models, in the order in which they are asked</h3>
          <ol class="trial-models">
            {models.map((model, index) => (
              <li key={model.model}>
                <code>{model.model}</code>
                <span class="soft">{[patienceOf(trial, index), figuresOf(model)].filter((words) => words !== '').join('; ')}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {generation && Object.keys(generation).length > 0 && (
        <section>
          <h3>Settings</h3>
          <p>
            {Object.entries(generation)
              .map(([name, value]) => `${name} ${shown(value)}`)
              .join(', ')}
          </p>
        </section>
      )}
      {messages.length > 0 && (
        <section>
          <h3>What the model is told</h3>
          <ol class="trial-messages">
            {messages.map(({ role, content, tool_calls: calls }, index) => (
              <li key={index}>
                <span class="soft">{role}</span> {shown(content ?? '')}
                {calls !== undefined && <code>{JSON.stringify(calls)}</code>}
              </li>
            ))}
          </ol>
        </section>
      )}
      <Notes
        lines={[
          ...unserved.map((id) => `No configured provider serves ${id}: it is left out.`),
          ...unfilled.map((name) => `Nobody gave a value for {{${name}}}: it stays as it is.`),
          ...warnings,
        ]}
      />
    </>
  );
}

function ConditionView({ condition: { route, expression, holds, problem, parts, values } }: { condition: TrialCondition }) {
  return (
    <li class="verdict" data-holds={holds}>
      <p>
        <span class="verdict-word">{holds ? 'Holds' : 'Does not hold'}</span> <span class="soft">for {route}</span>
      </p>
      <code>{expression}</code>
      {parts.length > 0 && (
        <ul class="verdict-parts">
          {parts.map((part, index) => (
            <li key={index} data-holds={part.holds}>
              <span class="verdict-word">{part.holds ? 'true' : 'false'}</span> <code>{part.expression}</code>
              {part.problem !== undefined && <span class="soft"> {part.problem}</span>}
            </li>
          ))}
        </ul>
      )}
      {parts.length === 0 && problem !== undefined && <p class="soft">{problem}</p>}
      {Object.keys(values).length > 0 && (
        <p class="soft verdict-values">
          {Object.entries(values)
            .map(([name, value]) => `${name} ${value === null ? 'is not given' : `is ${JSON.stringify(value)}`}`)
            .join('; ')}
        </p>
      )}
    </li>
  );
}

function Notes({ lines }: { lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <section>
      <h3>Notes</h3>
      <ul class="soft">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}
