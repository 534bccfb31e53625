// Deletes a router: a file that is deleted by mistake cannot be taken back.
import type { Routers } from '../app/routers.ts';
import { SureButton } from './sure-button.tsx';
import { useStore } from './use-store.ts';

export function RemoveButton({ routers, name }: { routers: Routers; name: string }) {
  const work = useStore(routers.state, (state) => state.work);
  const words = { usual: 'Delete', asked: `Press again to delete ${name}`, busy: 'Deleting …' };
  return <SureButton words={words} isBusy={work === 'removing'} disabled={work !== 'none'} onSure={() => void routers.remove()} />;
}
