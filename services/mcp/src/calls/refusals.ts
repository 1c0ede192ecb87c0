export { refusalText } from '@gatehouse/policy'
