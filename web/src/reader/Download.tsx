import { exportUrl } from "../api/client";
import { useTexts } from "../i18n";

export function Download({ id }: { id: string }) {
  const t = useTexts();
  return (
    <p class="download">
      {t.download}: <a href={exportUrl(id, "md")} download>{t.downloadMd}</a> · <a href={exportUrl(id, "json")} download>{t.downloadJson}</a>
    </p>
  );
}
