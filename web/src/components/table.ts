export interface TableColumn {
  key: string;
  title: string;
  width?: string;
  numeric?: boolean;
  /** On a phone it stands at the head of the card, without its title. */
  lead?: boolean;
}
