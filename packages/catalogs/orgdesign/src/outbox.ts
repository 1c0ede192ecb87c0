import { announceIn } from '@gatehouse/catalog'

export const announce = announceIn('orgdesign')
