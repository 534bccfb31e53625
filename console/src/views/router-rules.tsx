// What a router says, as people read it: its routes in their order, with conditions, variants and what follows when a model fails.
import type { ComponentChildren } from 'preact';
import type { Extras, RouteRules, RouterRules, Template, VariantRules } from '../realtime/routers.ts';

export function RouterRulesView({ rules }: { rules: RouterRules }) {
  const { displayName, routes, defaults } = rules;
  const hasDefaults = defaults.settings.length > 0 || defaults.templates.length > 0 || defaults.timeout !== undefined;
  return (
    <div class="rules">
      {displayName !== undefined && <p class="rules-title">{displayName}</p>}
      <ol class="routes">
        {routes.map((route, index) => (
          <RouteCard key={`${index} ${route.id}`} route={route} isFirst={index === 0} />
        ))}
      </ol>
      {hasDefaults && (
        <section class="route">
          <h3>For variants that say nothing of their own</h3>
          <ExtrasView extras={defaults} />
        </section>
      )}
    </div>
  );
}

function RouteCard({ route, isFirst }: { route: RouteRules; isFirst: boolean }) {
  const { id, condition, variants } = route;
  return (
    <li class="route">
      <h3>{id}</h3>
      {condition === undefined ? (
        <p class="soft">{isFirst ? 'Takes every request.' : 'Takes what no condition above holds for.'}</p>
      ) : (
        <p class="route-condition">
          <span class="soft">{isFirst ? 'If' : 'Else if'}</span> <code>{condition}</code>
        </p>
      )}
      <ul class="variants">
        {variants.map((variant, index) => (
          <VariantView key={`${index} ${variant.id}`} variant={variant} isAlone={variants.length === 1} />
        ))}
      </ul>
    </li>
  );
}

function VariantView({ variant, isAlone }: { variant: VariantRules; isAlone: boolean }) {
  const { id, weight, model, models, sort, ignore, providers, onlyFirstProvider } = variant;
  const isAuto = model === 'auto';
  return (
    <li class="variant">
      <p class="variant-head">
        <span class="variant-id">{id}</span>
        <span class="soft">{weight} %</span>
      </p>
      {!isAlone && (
        <span class="share" aria-hidden="true">
          <span style={{ width: `${Math.max(0, Math.min(100, weight))}%` }} />
        </span>
      )}
      <dl class="variant-facts">
        <dt>Model</dt>
        <dd>{isAuto ? chosenFrom(models, sort) : <code>{model}</code>}</dd>
        {models.length > 0 && (
          <>
            <dt>{isAuto ? 'Of these' : 'If it fails'}</dt>
            <dd>
              <ol class="model-names">
                {models.map((each) => (
                  <li key={each}>
                    <code>{each}</code>
                  </li>
                ))}
              </ol>
              {!isAuto && sort.length > 0 && <p class="soft">in the order of {sort.join(', then ')}</p>}
            </dd>
          </>
        )}
        {ignore.length > 0 && <Fact name="Never">{ignore.join(', ')}</Fact>}
        {providers.length > 0 && (
          <Fact name="Providers">
            {providers.join(', then ')}
            {onlyFirstProvider && ', and no other than the first'}
          </Fact>
        )}
      </dl>
      <ExtrasView extras={variant} />
    </li>
  );
}

function chosenFrom(models: readonly string[], sort: readonly string[]): string {
  const order = sort.length === 0 ? 'latency' : sort.join(', then ');
  return `The first by ${order}${models.length === 0 ? ', of all that are known' : ''}`;
}

function ExtrasView({ extras: { settings, templates, timeout } }: { extras: Extras }) {
  return (
    <>
      {(settings.length > 0 || timeout !== undefined) && (
        <dl class="variant-facts">
          {timeout !== undefined && <Fact name="Time-out">{timeout} to the first part, then the next model is asked</Fact>}
          {settings.length > 0 && <Fact name="Settings">{settings.join(', ')}</Fact>}
        </dl>
      )}
      {templates.map((template, index) => (
        <TemplateView key={index} template={template} />
      ))}
    </>
  );
}

function TemplateView({ template: { role, text } }: { template: Template }) {
  return (
    <p class="template">
      <span class="soft">{role}</span> {text}
    </p>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
